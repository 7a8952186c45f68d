using Akka.IO;
using CsCheck;
using Hydravisor.Actors.Gateway;

namespace Hydravisor.Actors.Tests.Gateway;

/// <summary>The bytes of a chunk, with a copy only where there must be one.</summary>
public class ChunkBytesTests
{
    [Fact]
    public void What_lies_in_one_piece_is_not_copied()
    {
        var bytes = "some bytes"u8.ToArray();
        Assert.True(ChunkBytes.Of(ByteString.FromBytes(bytes, 5, 3)).Equals(bytes.AsMemory(5, 3)));
    }

    [Fact]
    public void Any_pieces_give_their_bytes_in_order() =>
        Gen.Byte.Array[0, 20].Array[0, 5].Sample(
            pieces => Assert.Equal(
                pieces.SelectMany(piece => piece),
                ChunkBytes.Of(pieces.Aggregate(ByteString.Empty, (all, piece) => all.Concat(ByteString.FromBytes(piece)))).ToArray()));
}
