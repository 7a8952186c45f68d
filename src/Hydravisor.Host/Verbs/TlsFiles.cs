using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Hydravisor.Client;

namespace Hydravisor.Host.Verbs;

/// <summary>TLS as a verb was asked for it, out of PEM files.</summary>
/// <param name="Tls">Whether <c>--tls</c> was said.</param>
/// <param name="Ca">What <c>--ca</c> says, before <c>HYDRAVISOR_CA</c>.</param>
/// <param name="Certificate">What <c>--certificate</c> says, before <c>HYDRAVISOR_CERTIFICATE</c>.</param>
/// <param name="CertificateKey">What <c>--certificate-key</c> says, before <c>HYDRAVISOR_CERTIFICATE_KEY</c>.</param>
/// <param name="ServerName">What <c>--server-name</c> says, before <c>HYDRAVISOR_SERVER_NAME</c>.</param>
internal sealed record TlsFiles(bool Tls, string? Ca, string? Certificate, string? CertificateKey, string? ServerName)
{
    /// <summary>The options that were asked for; none where nothing of TLS was said.</summary>
    /// <param name="variable">Environment variables.</param>
    /// <exception cref="VerbFailure">A file cannot be used; says which, and what would be right.</exception>
    public TlsOptions? Read(Func<string, string?> variable)
    {
        var (ca, caSource) = Said(Ca, "--ca", "HYDRAVISOR_CA", variable);
        var (certificate, certificateSource) = Said(Certificate, "--certificate", "HYDRAVISOR_CERTIFICATE", variable);
        var (key, keySource) = Said(CertificateKey, "--certificate-key", "HYDRAVISOR_CERTIFICATE_KEY", variable);
        var (name, _) = Said(ServerName, "--server-name", "HYDRAVISOR_SERVER_NAME", variable);
        if (key is not null && certificate is null)
        {
            throw Wrong($"{keySource} is the key of a certificate, and there is none: give --certificate FILE, or set HYDRAVISOR_CERTIFICATE");
        }

        if (!Tls && !IsOn(variable) && ca is null && certificate is null && name is null)
        {
            return null;
        }

        var chain = certificate is null ? null : Certificates(certificate, certificateSource);
        return new TlsOptions
        {
            Authorities = ca is null ? null : Certificates(ca, caSource),
            ServerName = name,
            Certificate = certificate is null ? null : WithKey(certificate, certificateSource, key, keySource),
            CertificateChain = chain is { Count: > 1 } ? [.. chain.Skip(1)] : null,
        };
    }

    /// <summary>The first certificate in a PEM file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="source">Who named it, for messages.</param>
    /// <exception cref="VerbFailure">There is none.</exception>
    public static X509Certificate2 First(string file, string source) => Certificates(file, source)[0];

    private static bool IsOn(Func<string, string?> variable) => variable("HYDRAVISOR_TLS") switch
    {
        null or "" or "off" or "0" => false,
        "on" or "1" => true,
        var other => throw Wrong($"HYDRAVISOR_TLS is \"{TerminalText.Of(other)}\"; it must be on or off"),
    };

    private static (string? Text, string Source) Said(string? said, string option, string name, Func<string, string?> variable) =>
        !string.IsNullOrEmpty(said) ? (said, option) : variable(name) is { Length: > 0 } text ? (text, name) : (null, option);

    private static X509Certificate2Collection Certificates(string file, string source)
    {
        const string Right = "it must be PEM, with a line -----BEGIN CERTIFICATE-----";
        try
        {
            var all = new X509Certificate2Collection();
            all.ImportFromPem(TextOf(file, source, Right));
            return all.Count > 0 ? all : throw Wrong($"{source}: the file {Shown(file)} holds no certificate; {Right}");
        }
        catch (CryptographicException)
        {
            throw Wrong($"{source}: the file {Shown(file)} holds a certificate that is damaged; {Right}");
        }
    }

    private static X509Certificate2 WithKey(string file, string source, string? keyFile, string keySource)
    {
        const string Right = "it must be PEM, with a line -----BEGIN PRIVATE KEY-----, and not encrypted";
        var certificate = TextOf(file, source, "it must be PEM");
        var key = keyFile is null ? certificate : TextOf(keyFile, keySource, Right);
        try
        {
            return X509Certificate2.CreateFromPem(certificate, key);
        }
        catch (Exception wrong) when (wrong is CryptographicException or ArgumentException)
        {
            throw Wrong(
                keyFile is null && !key.Contains("PRIVATE KEY-----", StringComparison.Ordinal) ? $"{source}: the file {Shown(file)} holds no key beside the certificate; name the key's file by --certificate-key FILE, or HYDRAVISOR_CERTIFICATE_KEY"
                : !key.Contains("PRIVATE KEY-----", StringComparison.Ordinal) ? $"{keySource}: the file {Shown(keyFile!)} holds no private key; {Right}"
                : $"{(keyFile is null ? source : keySource)}: the file {Shown(keyFile ?? file)} does not hold the key of the certificate in {Shown(file)}; {Right}");
        }
    }

    private static string TextOf(string file, string source, string right)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception absent) when (absent is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Wrong($"{source}: there is no file {Shown(file)}; {right}");
        }
        catch (Exception closed) when (closed is IOException or ArgumentException or UnauthorizedAccessException)
        {
            throw Wrong($"{source}: the file {Shown(file)} cannot be read: {closed.Message.TrimEnd('.')}");
        }
    }

    private static string Shown(string text) => $"\"{TerminalText.Of(text)}\"";

    private static VerbFailure Wrong(string message) => new(message + ".", ExitCode.Usage);
}
