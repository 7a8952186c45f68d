using System.Security.Cryptography.X509Certificates;

namespace Hydravisor.Actors.Gateway.Tls;

/// <summary>Judges certificates by CAs that an operator named, and by no others. Pure.</summary>
internal static class PrivateCa
{
    /// <summary>The policy: the system's own CAs are not asked, nor is anything fetched. Which certificates count no more is said elsewhere.</summary>
    public static X509ChainPolicy Policy(X509Certificate2Collection cas)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(cas);
        return policy;
    }

    /// <summary>Why a certificate is refused: a part of a sentence.</summary>
    /// <param name="certificate">The certificate.</param>
    /// <param name="chain">What it was judged by.</param>
    public static string WhyRefused(X509Certificate certificate, X509Chain? chain)
    {
        var problems = chain?.ChainStatus.Select(each => $"{each.Status}, {each.StatusInformation.Trim()}").Distinct() ?? [];
        return $"its certificate ({certificate.Subject}) is refused: {string.Join("; ", problems)}";
    }
}
