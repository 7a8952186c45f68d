using System.Security.Cryptography;
using CsCheck;
using Hydravisor.Actors.Access.Signing;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Tests.Access.Signing;

/// <summary>What holds for HMAC-SHA256 by whatever it is computed.</summary>
public abstract class KeyedHmacContract
{
    internal abstract IKeyedHmac Of(ReadOnlySpan<byte> key);

    [Fact]
    public void It_is_the_HMAC_of_any_bytes_with_any_key_again_and_again() =>
        Gen.Select(Gen.Byte.Array[0, 200], Gen.OneOf(Gen.Byte.Array[0, 300], Gen.Byte.Array[0, 20_000]).Array[1, 5]).Sample(
            (key, messages) =>
            {
                var hmac = Of(key);
                var signature = new byte[HMACSHA256.HashSizeInBytes];
                foreach (var message in messages)
                {
                    hmac.Compute(message, signature);
                    Assert.Equal(HMACSHA256.HashData(key, message), signature);
                }
            },
            iter: 2_000);

    [Fact]
    public void One_for_each_thread_can_be_used_at_once()
    {
        var key = RandomNumberGenerator.GetBytes(32);
        Parallel.For(0, 64, _ =>
        {
            var hmac = Of(key);
            var signature = new byte[HMACSHA256.HashSizeInBytes];
            for (var length = 0; length < 500; length++)
            {
                var message = RandomNumberGenerator.GetBytes(length);
                hmac.Compute(message, signature);
                Assert.Equal(HMACSHA256.HashData(key, message), signature);
            }
        });
    }

    [Fact]
    public void A_signature_without_room_is_refused_and_the_next_one_is_right()
    {
        var key = RandomNumberGenerator.GetBytes(32);
        var hmac = Of(key);
        Assert.ThrowsAny<ArgumentException>(() => hmac.Compute([1, 2, 3], new byte[HMACSHA256.HashSizeInBytes - 1]));
        var signature = new byte[HMACSHA256.HashSizeInBytes];
        hmac.Compute([4, 5], signature);
        Assert.Equal(HMACSHA256.HashData(key, (byte[])[4, 5]), signature);
    }
}

/// <summary>What is taken on this machine.</summary>
public sealed class KeyedHmacTests : KeyedHmacContract
{
    [Fact]
    public void OpenSSL_is_taken_where_the_base_library_works_with_OpenSSL_3() =>
        Assert.Equal(SafeEvpPKeyHandle.OpenSslVersion >> 28 == 3, Of(new byte[32]) is OpenSslHmac);

    internal override IKeyedHmac Of(ReadOnlySpan<byte> key) => KeyedHmac.Of(key);
}

/// <summary>What is taken where there is no OpenSSL 3.</summary>
public sealed class LibraryHmacTests : KeyedHmacContract
{
    internal override IKeyedHmac Of(ReadOnlySpan<byte> key) => new LibraryHmac(key);
}
