using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Hydravisor.Client;

/// <summary>The client's side of a TLS handshake.</summary>
internal static class TlsHandshake
{
    /// <summary>Shakes hands over a socket.</summary>
    /// <param name="socket">The socket; the stream owns it.</param>
    /// <param name="host">The host that was connected to.</param>
    /// <param name="options">How to.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="AuthenticationException">The node is not who it should be, or speaks no TLS 1.3; the message says which, for a person.</exception>
    /// <exception cref="IOException">The connection broke.</exception>
    public static async Task<Stream> RunAsync(Socket socket, string host, TlsOptions options, CancellationToken cancellation)
    {
        var name = options.ServerName ?? host;
        string? refused = null;
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true), leaveInnerStreamOpen: false);
        try
        {
            await stream.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = name,
                    EnabledSslProtocols = SslProtocols.Tls13,
                    CertificateChainPolicy = Policy(options.Authorities),
                    ClientCertificateContext = options.Certificate is { } own ? SslStreamCertificateContext.Create(own, options.CertificateChain, offline: true) : null,
                    RemoteCertificateValidationCallback = (_, certificate, chain, errors) => (refused = WhyNot(certificate, chain, errors, name)) is null,
                },
                cancellation).ConfigureAwait(false);
            return stream;
        }
        catch (Exception fault)
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            if (fault is AuthenticationException)
            {
                throw new AuthenticationException(refused ?? $"it does not speak TLS 1.3 there ({fault.GetBaseException().Message.TrimEnd('.')})", fault);
            }

            throw;
        }
    }

    private static X509ChainPolicy Policy(X509Certificate2Collection? authorities)
    {
        // Lists of revoked certificates would be fetched from wherever the certificate says: private CAs have none.
        var policy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        if (authorities is not null)
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            policy.CustomTrustStore.AddRange(authorities);
        }

        return policy;
    }

    private static string? WhyNot(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors, string name) =>
        errors == SslPolicyErrors.None ? null
        : certificate is null ? "it showed no certificate"
        : (errors & SslPolicyErrors.RemoteCertificateChainErrors) != 0
            ? $"its certificate ({certificate.Subject}) is not to be trusted: {string.Join("; ", chain?.ChainStatus.Select(each => $"{each.Status}, {each.StatusInformation.Trim()}").Distinct() ?? [])}"
        : $"its certificate ({certificate.Subject}) is not for \"{name}\", which is where it was looked for";
}
