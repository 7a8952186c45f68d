using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Hydravisor.Actors.Gateway.Tls;

/// <summary>The files of a node's TLS as they were read. Immutable.</summary>
/// <param name="Certificate">The text of the certificate's file.</param>
/// <param name="Key">That of the key's.</param>
/// <param name="ClientCa">That of the CAs'; empty: there is none.</param>
internal sealed record TlsFiles(string Certificate, string Key, string ClientCa)
{
    private const int BytesMax = 1 << 20;

    /// <summary>Reads them. Blocks.</summary>
    /// <exception cref="TlsException">One cannot be read.</exception>
    public static TlsFiles Read(TlsSettings settings) =>
        new(TextOf(settings.Certificate), TextOf(settings.Key), settings.ClientCa.Length == 0 ? "" : TextOf(settings.ClientCa));

    /// <summary>What they mean.</summary>
    /// <exception cref="TlsException">One of them is not right, or they do not belong together.</exception>
    public TlsIdentity Parse(TlsSettings settings)
    {
        var chain = CertificatesOf(Certificate, settings.Certificate);
        return new TlsIdentity(
            WithKey(settings), [.. chain.Skip(1)], ClientCa.Length == 0 ? [] : CertificatesOf(ClientCa, settings.ClientCa), settings.ClientCertificates);
    }

    /// <summary>Never the key.</summary>
    public override string ToString() => nameof(TlsFiles);

    private X509Certificate2 WithKey(TlsSettings settings)
    {
        if (Key.Contains("ENCRYPTED", StringComparison.Ordinal))
        {
            throw new TlsException($"{settings.Key} holds an encrypted key, for which nobody could give the password at a start: store it without one (openssl pkey), readable for the node's user only");
        }

        try
        {
            return X509Certificate2.CreateFromPem(Certificate, Key);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new TlsException(
                Key.Contains("PRIVATE KEY-----", StringComparison.Ordinal)
                    ? $"{settings.Key} does not hold the key of the first certificate in {settings.Certificate} ({e.Message.TrimEnd('.')})"
                    : $"{settings.Key} holds no private key: it must be PEM, with a line -----BEGIN PRIVATE KEY-----");
        }
    }

    private static X509Certificate2Collection CertificatesOf(string text, string file)
    {
        try
        {
            var all = new X509Certificate2Collection();
            all.ImportFromPem(text);
            return all.Count > 0 ? all : throw new TlsException($"{file} holds no certificate: it must be PEM, with a line -----BEGIN CERTIFICATE-----");
        }
        catch (CryptographicException e)
        {
            throw new TlsException($"{file} holds a certificate that cannot be read: {e.Message}");
        }
    }

    private static string TextOf(string file)
    {
        try
        {
            return new FileInfo(file).Length <= BytesMax
                ? File.ReadAllText(file)
                : throw new TlsException($"{file} is larger than {BytesMax >> 20} MiB: it must be a certificate, a key, or a list of CAs, in PEM");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TlsException($"{file} cannot be read: {e.Message}");
        }
    }
}
