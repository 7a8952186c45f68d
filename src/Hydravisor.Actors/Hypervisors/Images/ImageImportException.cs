namespace Hydravisor.Actors.Hypervisors.Images;

/// <summary>An image cannot be taken in. The message says what was wrong and what would be right; nothing was left behind.</summary>
internal sealed class ImageImportException(string message, Exception? inner = null) : Exception(message, inner);
