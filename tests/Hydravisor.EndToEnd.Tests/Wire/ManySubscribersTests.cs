using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Hydravisor.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Wire;

/// <summary>One VM's log and a thousand who follow it, some of whom never read.</summary>
public sealed class ManySubscribersTests(ITestOutputHelper output) : EndToEndTest(output)
{
    private const int Subscribers = 1000;
    private const int Stalled = 20;
    private const int Lines = 20_000;
    private const int Batch = 500;
    private const long MemoryBytesMax = 512L * 1024 * 1024;

    [Fact]
    public async Task Those_who_never_read_cost_no_memory_and_the_others_no_line()
    {
        var node = await StartNodeAsync(new NodeOptions { Conf = "hydravisor { log.level = warning, gateway { connections-max = 2000, connections-per-address-max = 2000 } }" });
        await using var owner = await node.ConnectAsync();
        var id = await owner.CreateRunningAsync();
        var file = Path.Combine(node.Data, "vms", id, "log.0");
        var all = new List<Subscriber>();
        try
        {
            for (var number = 0; number < Subscribers; number++)
            {
                all.Add(await Subscriber.OpenAsync(node.Endpoint, id, reads: number >= Stalled));
            }

            var before = node.ResidentBytes;
            for (var line = 0; line < Lines; line += Batch)
            {
                await File.AppendAllTextAsync(file, string.Concat(Enumerable.Range(line, Batch).Select(number => Line(number))));
            }

            await Task.WhenAll(all.Skip(Stalled).Select(subscriber => subscriber.LinesAsync(Lines))).InTimeAsync("all lines for all who read", () => node.Output.Tail);
            Assert.InRange(node.ResidentBytes - before, long.MinValue, MemoryBytesMax);
            // Nobody was cut, and nothing was lost on the way to those who did not read: they get a gap, or all of it.
            await Task.WhenAll(all.Take(Stalled).Select(subscriber => subscriber.CatchUpAsync(Line(Lines - 1).Trim()))).InTimeAsync("those who begin to read");
        }
        finally
        {
            all.ForEach(subscriber => subscriber.Dispose());
        }
    }

    private static string Line(int number) => string.Create(CultureInfo.InvariantCulture, $"line {number} {new string('x', 90)}\n");

    private sealed class Subscriber : IDisposable
    {
        private static readonly byte[] Mark = Encoding.ASCII.GetBytes("\"msg\":\"line ");
        private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp);
        private readonly byte[] _buffer = new byte[16 * 1024];
        private int _kept;

        public static async Task<Subscriber> OpenAsync(IPEndPoint endpoint, string id, bool reads)
        {
            var subscriber = new Subscriber();
            if (!reads)
            {
                subscriber._socket.ReceiveBufferSize = 4096;
            }

            await subscriber._socket.ConnectAsync(endpoint);
            await subscriber._socket.SendAsync(Encoding.UTF8.GetBytes($$"""{"type":"log/subscribe","instance_id":"{{id}}","from":"tail"}""" + "\n"));
            var answer = "";
            while (!answer.Contains('\n', StringComparison.Ordinal))
            {
                var count = await subscriber._socket.ReceiveAsync(subscriber._buffer).InTimeAsync("the answer to a subscription");
                answer += Encoding.UTF8.GetString(subscriber._buffer, 0, count);
            }

            Assert.Contains("\"ok\":true", answer, StringComparison.Ordinal);
            return subscriber;
        }

        /// <summary>Reads so many lines; all of them whole, and no gap.</summary>
        public async Task LinesAsync(int wanted)
        {
            for (var lines = 0; lines < wanted;)
            {
                var text = await MoreAsync();
                Assert.False(text.Span.IndexOf("\"gap\""u8) >= 0, "One who reads got a gap.");
                lines += Count(text.Span);
            }
        }

        /// <summary>Reads until a line comes.</summary>
        public async Task CatchUpAsync(string line)
        {
            var last = Encoding.ASCII.GetBytes(line);
            while ((await MoreAsync()).Span.IndexOf(last) < 0)
            {
            }
        }

        public void Dispose() => _socket.Dispose();

        // What came, with the end of what came before where a mark may be cut in two.
        private async Task<ReadOnlyMemory<byte>> MoreAsync()
        {
            var count = await _socket.ReceiveAsync(_buffer.AsMemory(_kept));
            Assert.True(count > 0, "The node ended the connection.");
            var there = _kept + count;
            var whole = _buffer.AsMemory(0, there).ToArray();
            var tail = Math.Min(Mark.Length - 1, there);
            _buffer.AsSpan(there - tail, tail).CopyTo(_buffer);
            _kept = tail;
            return whole;
        }

        private static int Count(ReadOnlySpan<byte> text)
        {
            var (count, at) = (0, 0);
            while ((at = text.IndexOf(Mark)) >= 0)
            {
                count++;
                text = text[(at + Mark.Length)..];
            }

            return count;
        }
    }
}
