using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Hydravisor.Actors.Journal;

/// <summary>The hash of one stored event: SHA-256 over its manifest, a line feed, and its bytes as stored.</summary>
/// <remarks>Sixty-four lowercase hexadecimal digits; the chain of a stream starts at <see cref="Start"/>.</remarks>
internal sealed record EventHash
{
    private const int OnStackMax = 4096;

    private EventHash(string hex) => Hex = hex;

    /// <summary>What the first event of a stream names as its predecessor: sixty-four zeros.</summary>
    public static EventHash Start { get; } = new(new string('0', 64));

    /// <summary>The hash in lowercase hexadecimal.</summary>
    public string Hex { get; }

    /// <summary>Hashes a stored event.</summary>
    public static EventHash Of(string manifest, ReadOnlySpan<byte> stored)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        Compute(manifest, stored, hash);
        return new EventHash(Convert.ToHexStringLower(hash));
    }

    /// <summary>Hashes a stored event into memory of the caller, for whoever hashes millions.</summary>
    /// <param name="manifest">Its manifest.</param>
    /// <param name="stored">Its bytes as stored.</param>
    /// <param name="hash">Takes the thirty-two bytes of the hash.</param>
    public static void Compute(string manifest, ReadOnlySpan<byte> stored, Span<byte> hash)
    {
        var length = Encoding.UTF8.GetMaxByteCount(manifest.Length) + 1 + stored.Length;
        var rented = length > OnStackMax ? ArrayPool<byte>.Shared.Rent(length) : null;
        var all = rented ?? stackalloc byte[OnStackMax];
        var manifestLength = Encoding.UTF8.GetBytes(manifest, all);
        all[manifestLength] = (byte)'\n';
        stored.CopyTo(all[(manifestLength + 1)..]);
        SHA256.HashData(all[..(manifestLength + 1 + stored.Length)], hash);
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    /// <summary>Reads a stored hash back.</summary>
    /// <exception cref="FormatException">It is not sixty-four hexadecimal digits.</exception>
    public static EventHash Parse(string hex) =>
        hex.Length == 64 && hex.All(char.IsAsciiHexDigitLower)
            ? new EventHash(hex)
            : throw new FormatException($"'{hex}' is not a hash: sixty-four lowercase hexadecimal digits are.");

    /// <inheritdoc/>
    public override string ToString() => Hex;
}
