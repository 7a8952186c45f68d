using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Hydravisor.Actors.Gateway.Tls;

/// <summary>What a node shows its peers, and by what it judges what they show. Immutable; safe for all threads.</summary>
internal sealed class TlsIdentity
{
    private readonly X509Certificate2 _certificate;
    private readonly SslStreamCertificateContext _context;
    private readonly X509Certificate2Collection _clientCas;
    private readonly ClientCertificates _wanted;

    /// <summary>Makes one.</summary>
    /// <param name="certificate">The node's certificate, with its key.</param>
    /// <param name="between">The certificates between it and its CA.</param>
    /// <param name="clientCas">The CAs of the peers' certificates.</param>
    /// <param name="wanted">Whether peers show certificates.</param>
    public TlsIdentity(X509Certificate2 certificate, X509Certificate2Collection between, X509Certificate2Collection clientCas, ClientCertificates wanted)
    {
        (_certificate, _clientCas, _wanted) = (certificate, clientCas, wanted);
        _context = SslStreamCertificateContext.Create(certificate, between, offline: true);
    }

    /// <summary>From when on nobody takes the certificate any more.</summary>
    public DateTimeOffset Expires => _certificate.NotAfter.ToUniversalTime();

    /// <summary>Whose certificate it is and until when, for the log.</summary>
    public override string ToString() =>
        $"{(_certificate.Subject.Length > 0 ? _certificate.Subject : "a certificate without subject")}, valid until {_certificate.NotAfter.ToUniversalTime():yyyy-MM-dd HH:mm:ssZ}";

    /// <summary>Why nobody would take the certificate at that time; null: it is of now.</summary>
    public string? Outdated(DateTimeOffset now) =>
        now >= _certificate.NotAfter.ToUniversalTime() ? $"the certificate has expired: {this}"
        : now < _certificate.NotBefore.ToUniversalTime() ? $"the certificate is not valid before {_certificate.NotBefore.ToUniversalTime():yyyy-MM-dd HH:mm:ssZ}: {_certificate.Subject}"
        : null;

    /// <summary>How to shake hands: TLS 1.3, nothing else.</summary>
    /// <remarks>The handshake of a peer whose certificate is refused is finished all the same: so it can be told why in words, and is
    /// (an alert would say a number, and with TLS 1.3 the peer believes by then that all is well).</remarks>
    /// <param name="judged">Told why the peer's certificate, or that it has none, is refused: the connection must not be served then; null: it is not.
    /// Answers whether the handshake goes on.</param>
    public SslServerAuthenticationOptions Options(Func<string?, bool> judged) => new()
    {
        EnabledSslProtocols = SslProtocols.Tls13,
        ServerCertificateContext = _context,
        ClientCertificateRequired = _wanted != ClientCertificates.None,
        // Which agents are let in, and which no more, is said by agents.json.
        CertificateChainPolicy = PrivateCa.Policy(_clientCas),
        RemoteCertificateValidationCallback = (_, certificate, chain, errors) => judged(WhyNot(certificate, chain, errors)),
        // A resumed session would be let in by what was judged before, under certificates and CAs that may have been replaced.
        AllowTlsResume = false,
    };

    private string? WhyNot(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (_wanted == ClientCertificates.None)
        {
            return null;
        }

        if (certificate is null)
        {
            return _wanted == ClientCertificates.Required ? "it shows no certificate, and this node wants one of each client" : null;
        }

        return (errors & SslPolicyErrors.RemoteCertificateChainErrors) == 0 ? null : PrivateCa.WhyRefused(certificate, chain);
    }
}
