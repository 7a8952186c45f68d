namespace Hydravisor.Fuzz;

/// <summary>Something that holds for all bytes did not hold for these.</summary>
public sealed class PromiseBrokenException(string message, Exception? inner = null) : Exception(message, inner);
