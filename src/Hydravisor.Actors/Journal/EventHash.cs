using System.Security.Cryptography;
using System.Text;

namespace Hydravisor.Actors.Journal;

/// <summary>The hash of one stored event: SHA-256 over its manifest, a line feed, and its bytes as stored.</summary>
/// <remarks>Sixty-four lowercase hexadecimal digits; the chain of a stream starts at <see cref="Start"/>.</remarks>
internal sealed record EventHash
{
    private EventHash(string hex) => Hex = hex;

    /// <summary>What the first event of a stream names as its predecessor: sixty-four zeros.</summary>
    public static EventHash Start { get; } = new(new string('0', 64));

    /// <summary>The hash in lowercase hexadecimal.</summary>
    public string Hex { get; }

    /// <summary>Hashes a stored event.</summary>
    public static EventHash Of(string manifest, ReadOnlySpan<byte> stored)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(manifest));
        hash.AppendData("\n"u8);
        hash.AppendData(stored);
        return new EventHash(Convert.ToHexStringLower(hash.GetHashAndReset()));
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
