using System.Security.Cryptography;
using System.Text;
using Hydravisor.Actors.Files;

namespace Hydravisor.Actors.Audit.Checkpoints;

/// <summary>The key that a node signs its checkpoints with: ECDSA on P-256. Safe for all threads.</summary>
/// <remarks><c>node-key.pem</c> in the data directory, for the service user only; <c>node-key.pub.pem</c> beside it is for whoever verifies, and is best copied elsewhere.</remarks>
internal sealed class NodeKey : IDisposable
{
    /// <summary>The file of the key.</summary>
    public const string PrivateName = "node-key.pem";

    /// <summary>The file of the public key.</summary>
    public const string PublicName = "node-key.pub.pem";

    private readonly ECDsa _key;
    private readonly Lock _lock = new();

    private NodeKey(ECDsa key) => (_key, Fingerprint) = (key, FingerprintOf(key));

    /// <summary>SHA-256 of the public key's SubjectPublicKeyInfo, in hexadecimal.</summary>
    public string Fingerprint { get; }

    /// <summary>Reads a node's key; a new node gets one.</summary>
    /// <exception cref="CryptographicException">The file holds no key of that kind.</exception>
    /// <exception cref="IOException">It cannot be read or written.</exception>
    public static NodeKey Open(string directory)
    {
        var file = Path.Combine(directory, PrivateName);
        if (!File.Exists(file))
        {
            using var made = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            Write(file, made.ExportPkcs8PrivateKeyPem(), WholeFile.Private);
        }

        var key = new NodeKey(Import(File.ReadAllText(file), file));
        Write(
            Path.Combine(directory, PublicName),
            key._key.ExportSubjectPublicKeyInfoPem(),
            WholeFile.Public);
        return key;
    }

    /// <summary>A key in memory, for tests.</summary>
    public static NodeKey New() => new(ECDsa.Create(ECCurve.NamedCurves.nistP256));

    /// <summary>The public key.</summary>
    public PublicKey Public()
    {
        lock (_lock)
        {
            return PublicKey.Parse(_key.ExportSubjectPublicKeyInfoPem(), "the node's key");
        }
    }

    /// <summary>Signs a text: DER, in base64.</summary>
    public string Sign(string text)
    {
        lock (_lock)
        {
            return Convert.ToBase64String(_key.SignData(Encoding.UTF8.GetBytes(text), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _key.Dispose();

    /// <summary>The fingerprint of a key.</summary>
    internal static string FingerprintOf(ECDsa key) => Convert.ToHexStringLower(SHA256.HashData(key.ExportSubjectPublicKeyInfo()));

    /// <summary>Reads a PEM of a key on P-256.</summary>
    /// <exception cref="CryptographicException">It is none.</exception>
    internal static ECDsa Import(string pem, string what)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(pem);
            return key.ExportParameters(includePrivateParameters: false).Curve.Oid.Value == ECCurve.NamedCurves.nistP256.Oid.Value
                ? key
                : throw new CryptographicException($"{what} is a key on another curve: one on P-256 is right");
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            key.Dispose();
            throw new CryptographicException($"{what} holds no usable key: a PEM of an ECDSA key on P-256 is right ({e.Message})");
        }
    }

    // Whole or not at all: a node must never be without the key that it signed with.
    private static void Write(string file, string text, UnixFileMode mode)
    {
        if (!File.Exists(file) || File.ReadAllText(file) != text)
        {
            WholeFile.Write(file, Encoding.ASCII.GetBytes(text), mode);
        }
    }
}

/// <summary>The public part of a node's key. Safe for all threads.</summary>
internal sealed class PublicKey : IDisposable
{
    private readonly ECDsa _key;
    private readonly Lock _lock = new();

    private PublicKey(ECDsa key) => (_key, Fingerprint) = (key, NodeKey.FingerprintOf(key));

    /// <summary>SHA-256 of its SubjectPublicKeyInfo, in hexadecimal.</summary>
    public string Fingerprint { get; }

    /// <summary>Reads a file.</summary>
    /// <exception cref="JournalUnreadableException">It is not there, or holds no such key.</exception>
    public static PublicKey Read(string file)
    {
        try
        {
            return Parse(File.ReadAllText(file), file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new JournalUnreadableException($"the public key cannot be read: {e.Message}");
        }
        catch (CryptographicException e)
        {
            throw new JournalUnreadableException(e.Message);
        }
    }

    /// <summary>Reads a PEM.</summary>
    /// <exception cref="CryptographicException">It is no key on P-256.</exception>
    public static PublicKey Parse(string pem, string what) => new(NodeKey.Import(pem, what));

    /// <summary>Whether it signed the text.</summary>
    public bool Verify(string text, string signature)
    {
        var bytes = new byte[(signature.Length * 3 / 4) + 3];
        // Base64 has several forms of the same bytes; only one was stored.
        if (!Convert.TryFromBase64String(signature, bytes, out var length) || Convert.ToBase64String(bytes.AsSpan(0, length)) != signature)
        {
            return false;
        }

        lock (_lock)
        {
            return _key.VerifyData(Encoding.UTF8.GetBytes(text), bytes.AsSpan(0, length), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _key.Dispose();
}
