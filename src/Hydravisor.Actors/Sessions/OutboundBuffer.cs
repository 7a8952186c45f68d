using System.Buffers;
using System.Threading.Channels;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Sessions;

/// <summary>What a session has written and its peer has not taken. Many answers become one chunk. Not thread-safe: the session's own.</summary>
internal sealed class OutboundBuffer(ChannelWriter<ReadOnlyMemory<byte>> channel, int chunkBytes)
{
    private ArrayBufferWriter<byte> _waiting = new(4096);

    /// <summary>Bytes that are not handed on yet.</summary>
    public int WaitingBytes => _waiting.WrittenCount;

    /// <summary>Adds a message.</summary>
    public void Add(ServerMessage message) => LineCodec.Encode(message, _waiting);

    /// <summary>Whether as much waits as makes a chunk.</summary>
    public bool HasChunk => _waiting.WrittenCount >= chunkBytes;

    /// <summary>Hands on what waits, if the connection takes it.</summary>
    /// <returns>False when the connection is full; ask again when <see cref="WaitForRoomAsync"/> says so.</returns>
    public bool TryFlush()
    {
        if (_waiting.WrittenCount == 0)
        {
            return true;
        }

        if (!channel.TryWrite(_waiting.WrittenMemory))
        {
            return false;
        }

        // The written memory now belongs to the connection.
        _waiting = new ArrayBufferWriter<byte>(Math.Clamp(_waiting.WrittenCount, 256, chunkBytes));
        return true;
    }

    /// <summary>Hands on lines as they are, after what waits. Many sessions may pass the same memory at once: it is neither copied nor kept apart.</summary>
    /// <param name="lines">Whole lines. Nobody may write to their memory any more.</param>
    /// <returns>False when the connection is full: the lines were not taken; ask again when <see cref="WaitForRoomAsync"/> says so.</returns>
    public bool TryPass(ReadOnlyMemory<byte> lines) => TryFlush() && (lines.IsEmpty || channel.TryWrite(lines));

    /// <summary>Completes when there is room again (true) or the connection is gone (false).</summary>
    public ValueTask<bool> WaitForRoomAsync() => channel.WaitToWriteAsync();

    /// <summary>No more will come.</summary>
    public void Complete() => channel.TryComplete();
}
