using System.Security.Cryptography;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Access.Signing;

/// <summary>HMAC-SHA256 as the base library has it, which is there always.</summary>
/// <param name="key">The key.</param>
internal sealed class LibraryHmac(ReadOnlySpan<byte> key) : IKeyedHmac
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);

    /// <inheritdoc/>
    public void Compute(ReadOnlySpan<byte> bytes, Span<byte> signature)
    {
        if (signature.Length < HMACSHA256.HashSizeInBytes)
        {
            throw new ArgumentException("The signature has no room.", nameof(signature));
        }

        _hash.AppendData(bytes);
        _hash.GetHashAndReset(signature);
    }
}
