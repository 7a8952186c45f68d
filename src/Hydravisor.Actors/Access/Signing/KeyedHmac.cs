using System.Security.Cryptography;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Access.Signing;

/// <summary>HMAC-SHA256 with one key, by whatever is quickest here.</summary>
internal static class KeyedHmac
{
    private static readonly bool UsesOpenSsl = OpenSslHmac.IsSupported && IsRight(OpenSslHmac.Of);

    /// <summary>One for a key.</summary>
    public static IKeyedHmac Of(ReadOnlySpan<byte> key) => UsesOpenSsl ? OpenSslHmac.Of(key) : new LibraryHmac(key);

    // Of a library that is not ours, and whose version nobody has tried, only what says the same as the base library's is taken. Twice: the second time it starts from the key that it has.
    private static bool IsRight(Func<ReadOnlySpan<byte>, IKeyedHmac> make)
    {
        Span<byte> key = stackalloc byte[HMACSHA256.HashSizeInBytes];
        Span<byte> signature = stackalloc byte[HMACSHA256.HashSizeInBytes];
        RandomNumberGenerator.Fill(key);
        try
        {
            var hmac = make(key);
            foreach (var length in (int[])[200, 0, 100])
            {
                var bytes = RandomNumberGenerator.GetBytes(length);
                hmac.Compute(bytes, signature);
                if (!signature.SequenceEqual(HMACSHA256.HashData(key, bytes)))
                {
                    return false;
                }
            }

            return true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}
