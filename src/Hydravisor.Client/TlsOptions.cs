using System.Security.Cryptography.X509Certificates;

namespace Hydravisor.Client;

/// <summary>How a client speaks TLS 1.3 with a node. Immutable, but for what is in the collections.</summary>
public sealed record TlsOptions
{
    /// <summary>The CAs by which the node's certificate is judged, and no others; <see langword="null"/>: those of the system.</summary>
    public X509Certificate2Collection? Authorities { get; init; }

    /// <summary>The name that the node's certificate must bear; <see langword="null"/>: the host that is connected to.</summary>
    public string? ServerName { get; init; }

    /// <summary>The certificate to show, with its private key; <see langword="null"/>: none.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>The certificates between <see cref="Certificate"/> and its CA, where there are some.</summary>
    public X509Certificate2Collection? CertificateChain { get; init; }
}
