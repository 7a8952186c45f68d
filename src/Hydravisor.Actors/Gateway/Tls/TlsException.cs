namespace Hydravisor.Actors.Gateway.Tls;

/// <summary>A file for TLS cannot be used; the message names it, what is wrong with it, and what would be right. It bears nothing of a key.</summary>
internal sealed class TlsException(string message) : Exception(message);
