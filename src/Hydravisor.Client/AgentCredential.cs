using System.Security.Cryptography.X509Certificates;
using Hydravisor.Protocol;

namespace Hydravisor.Client;

/// <summary>
/// Who an agent is and in which role it wants to act. Nothing that prints it shows the key. Immutable; two are the same if key
/// and role are.
/// </summary>
public sealed record AgentCredential
{
    private readonly byte[] _key;

    /// <summary>Makes one.</summary>
    /// <param name="key">The agent's key, at least 16 bytes; a copy is kept.</param>
    /// <param name="role">1 to 64 printable ASCII characters without spaces, such as <c>sandboxed</c>.</param>
    /// <exception cref="ArgumentException">Key or role are not as above; says so without showing the key.</exception>
    public AgentCredential(byte[] key, string role)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (key.Length < Limits.AgentKeyBytesMin)
        {
            throw new ArgumentException(
                $"The key has {key.Length} bytes; it must have at least {Limits.AgentKeyBytesMin}.", nameof(key));
        }

        LineWrapping.CheckRole(role);
        _key = [.. key];
        Role = role;
        Fingerprint = MessageSignature.FingerprintOf(key);
    }

    /// <summary>Makes one of a certificate that the node knows the agent by. The connection must be made with it (<see cref="TlsOptions.Certificate"/>).</summary>
    /// <param name="certificate">The certificate.</param>
    /// <param name="role">As above.</param>
    /// <exception cref="ArgumentException">The role is not as above.</exception>
    public AgentCredential(X509Certificate2 certificate, string role)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        LineWrapping.CheckRole(role);
        _key = [];
        Role = role;
        Fingerprint = MessageSignature.FingerprintOf(certificate.RawData);
    }

    /// <summary>Whether it is a certificate, which signs no message.</summary>
    public bool IsCertificate => _key.Length == 0;

    /// <summary>The key; not public, so that nothing that writes down the properties of objects finds it.</summary>
    internal ReadOnlySpan<byte> Key => _key;

    /// <summary>The role to act in.</summary>
    public string Role { get; }

    /// <summary>The public name of the key or the certificate: its SHA-256 in 64 lowercase hexadecimal digits.</summary>
    public string Fingerprint { get; }

    /// <summary>The fingerprint stands for the key.</summary>
    public bool Equals(AgentCredential? other) => other is not null && (Fingerprint, Role) == (other.Fingerprint, other.Role);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Fingerprint, Role);

    /// <summary>Without the key.</summary>
    public override string ToString() => $"{nameof(AgentCredential)} {{ Fingerprint = {Fingerprint}, Role = {Role} }}";
}
