namespace Hydravisor.Actors.Hypervisors.Images;

/// <summary>An entry of the catalogue cannot be used. The message names the entry and the key, what is wrong and what is right.</summary>
internal sealed class ImageCatalogueException(string message) : Exception(message);
