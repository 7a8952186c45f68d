using System.Text;
using System.Threading.Channels;
using CsCheck;
using Hydravisor.Actors.Sessions;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Tests.Sessions;

public sealed class OutboundBufferTests
{
    private static readonly byte[] Shared = "shared\n"u8.ToArray();

    [Fact]
    public void Lines_that_are_passed_are_the_very_memory_and_not_a_copy()
    {
        var (buffer, channel) = Make(room: 1);
        Assert.True(buffer.TryPass(Shared));
        Assert.True(channel.Reader.TryRead(out var chunk));
        Assert.True(chunk.Equals(Shared.AsMemory()));
    }

    [Fact]
    public void What_waits_goes_out_before_lines_that_are_passed()
    {
        var (buffer, channel) = Make(room: 2);
        buffer.Add(new HeartbeatReply { Time = DateTimeOffset.UnixEpoch });
        Assert.True(buffer.TryPass(Shared));
        Assert.Equal(0, buffer.WaitingBytes);
        Assert.True(channel.Reader.TryRead(out var first));
        Assert.Contains("mcp/heartbeat", Encoding.UTF8.GetString(first.Span), StringComparison.Ordinal);
        Assert.True(channel.Reader.TryRead(out var second));
        Assert.True(second.Equals(Shared.AsMemory()));
    }

    [Fact]
    public async Task Lines_that_find_no_room_are_not_taken_and_may_be_passed_again_when_there_is()
    {
        var (buffer, channel) = Make(room: 1);
        buffer.Add(new HeartbeatReply { Time = DateTimeOffset.UnixEpoch });
        Assert.False(buffer.TryPass(Shared));
        var room = buffer.WaitForRoomAsync().AsTask();
        Assert.False(room.IsCompleted);
        Assert.True(channel.Reader.TryRead(out _));
        Assert.True(await Wait.For(room, "room"));
        Assert.True(buffer.TryPass(Shared));
        Assert.True(channel.Reader.TryRead(out var chunk));
        Assert.True(chunk.Equals(Shared.AsMemory()));
        Assert.False(channel.Reader.TryRead(out _));
    }

    [Fact]
    public void Nothing_passed_is_no_chunk()
    {
        var (buffer, channel) = Make(room: 1);
        Assert.True(buffer.TryPass(ReadOnlyMemory<byte>.Empty));
        Assert.False(channel.Reader.TryRead(out _));
    }

    /// <summary>true: a message is added; false: lines are passed. In between the connection takes a chunk, or none.</summary>
    [Fact]
    public void All_comes_out_once_and_in_order_however_slow_the_connection_is() =>
        Gen.Select(Gen.Bool, Gen.Bool).Array[0, 60].Sample(steps =>
        {
            var (buffer, channel) = Make(room: 2);
            var (expected, came, owed) = (new StringBuilder(), new StringBuilder(), new Queue<byte[]>());
            foreach (var ((adds, takes), number) in steps.Select((step, number) => (step, number)))
            {
                // As a session does: what could not be passed goes first.
                if (adds && owed.Count == 0)
                {
                    buffer.Add(new ErrorMessage { Code = ErrorCode.BadRequest, Message = $"m{number}" });
                    expected.Append($"m{number} ");
                }
                else if (!adds)
                {
                    owed.Enqueue(Encoding.UTF8.GetBytes($"p{number}\n"));
                    expected.Append($"p{number} ");
                }

                PassOwed(buffer, owed);
                if (takes)
                {
                    TakeOne(channel, came);
                }
            }

            while (!PassOwed(buffer, owed) || !buffer.TryFlush() || channel.Reader.Count > 0)
            {
                Assert.True(TakeOne(channel, came));
            }

            Assert.Equal(expected.ToString(), came.ToString());
        });

    private static bool PassOwed(OutboundBuffer buffer, Queue<byte[]> owed)
    {
        while (owed.TryPeek(out var lines))
        {
            if (!buffer.TryPass(lines))
            {
                return false;
            }

            owed.Dequeue();
        }

        return true;
    }

    private static bool TakeOne(Channel<ReadOnlyMemory<byte>> channel, StringBuilder came)
    {
        if (!channel.Reader.TryRead(out var chunk))
        {
            return false;
        }

        foreach (var line in Encoding.UTF8.GetString(chunk.Span).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            came.Append(line[0] == 'p' ? line : System.Text.Json.JsonDocument.Parse(line).RootElement.GetProperty("message").GetString()).Append(' ');
        }

        return true;
    }

    private static (OutboundBuffer Buffer, Channel<ReadOnlyMemory<byte>> Channel) Make(int room)
    {
        var channel = Channel.CreateBounded<ReadOnlyMemory<byte>>(room);
        return (new OutboundBuffer(channel.Writer, chunkBytes: 4096), channel);
    }
}
