namespace Hydravisor.Actors.Gateway.Tls;

/// <summary>Whether peers show certificates.</summary>
internal enum ClientCertificates
{
    /// <summary>They are not asked to.</summary>
    None,

    /// <summary>They may: one that is shown must be right.</summary>
    Optional,

    /// <summary>They must.</summary>
    Required,
}

/// <summary>How a node speaks TLS. Read from <c>hydravisor.gateway.tls</c>.</summary>
/// <param name="Certificate">PEM file: the node's certificate, and those between it and its CA.</param>
/// <param name="Key">PEM file: its private key.</param>
/// <param name="ClientCa">PEM file: the CAs of the peers' certificates; empty: none.</param>
/// <param name="ClientCertificates">Whether peers show certificates.</param>
/// <param name="HandshakeTimeout">How long a handshake may take.</param>
/// <param name="HandshakesMax">Most handshakes at once.</param>
internal sealed record TlsSettings(
    string Certificate, string Key, string ClientCa, ClientCertificates ClientCertificates, TimeSpan HandshakeTimeout, int HandshakesMax);
