using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Hydravisor.Client.Tests;

/// <summary>A CA of a test, and the certificates that it signs.</summary>
internal sealed class TestAuthority : IDisposable
{
    private const string ServerUse = "1.3.6.1.5.5.7.3.1";
    private const string ClientUse = "1.3.6.1.5.5.7.3.2";

    public TestAuthority(string name = "test authority")
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        Certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UtcNow.AddYears(10));
    }

    public X509Certificate2 Certificate { get; }

    /// <summary>A node's certificate, for localhost and the loopback addresses.</summary>
    public X509Certificate2 Node(string name = "node", DateTimeOffset? until = null)
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        return Sign(name, ServerUse, until, names.Build());
    }

    /// <summary>An agent's certificate.</summary>
    public X509Certificate2 Agent(string name = "agent", DateTimeOffset? until = null) => Sign(name, ClientUse, until);

    /// <summary>The fingerprint by which a node knows it.</summary>
    public static string FingerprintOf(X509Certificate2 certificate) => Convert.ToHexStringLower(SHA256.HashData(certificate.RawData));

    /// <summary>Writes a certificate and its key as <c>NAME.pem</c> and <c>NAME.key</c>, whole at once.</summary>
    public static (string Certificate, string Key) Write(X509Certificate2 certificate, string directory, string name)
    {
        var paths = (Path.Combine(directory, name + ".pem"), Path.Combine(directory, name + ".key"));
        Put(paths.Item2, KeyOf(certificate));
        Put(paths.Item1, certificate.ExportCertificatePem());
        return paths;
    }

    /// <summary>Writes a file, whole at once.</summary>
    public static void Put(string path, string text)
    {
        File.WriteAllText(path + ".new", text);
        File.Move(path + ".new", path, overwrite: true);
    }

    /// <summary>The PEM of its key.</summary>
    public static string KeyOf(X509Certificate2 certificate)
    {
        using var key = certificate.GetECDsaPrivateKey()!;
        return key.ExportPkcs8PrivateKeyPem();
    }

    public void Dispose() => Certificate.Dispose();

    private X509Certificate2 Sign(string name, string use, DateTimeOffset? until, X509Extension? names = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(use)], false));
        if (names is not null)
        {
            request.CertificateExtensions.Add(names);
        }

        var now = DateTimeOffset.UtcNow;
        var end = until ?? now.AddDays(2);
        using var signed = request.Create(Certificate, (end < now ? end : now).AddDays(-2), end, RandomNumberGenerator.GetBytes(8));
        return signed.CopyWithPrivateKey(key);
    }
}
