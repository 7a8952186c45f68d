using System.Diagnostics;
using System.Text;
using System.Threading.Channels;
using Akka.IO;
using Akka.Streams;
using Akka.Streams.Dsl;
using CsCheck;
using Hydravisor.Actors.Gateway;
using Hydravisor.Actors.Sessions;
using Xunit.Abstractions;

namespace Hydravisor.Actors.Tests.Gateway;

/// <summary>The stage itself, not only the cutter in it: it must ask for more when a chunk holds no whole line, and end when the peer does.</summary>
public sealed class LineFramerTests(ITestOutputHelper output) : HydravisorSpec(output)
{
    private const int Limit = 50;

    [Fact]
    public async Task The_stage_hands_on_every_line_of_any_bytes_in_any_chunks()
    {
        var materializer = Sys.Materializer();
        var chunks = Gen.Frequency((5, Gen.Byte[97, 122]), (1, Gen.Const((byte)'\n'))).Array[1, 30].Array[0, 40];
        await chunks.SampleAsync(
            async pieces =>
            {
                var lines = await Source.From(pieces.Select(ByteString.FromBytes))
                    .Via(new LineFramer(Limit, Wait.Limit))
                    .RunAggregate(new List<InboundLine>(), (all, batch) => [.. all, .. batch.Lines], materializer)
                    .WaitAsync(Wait.Limit);
                var cutter = new LineCutter(Limit);
                List<InboundLine> expected = [.. pieces.SelectMany(piece => cutter.Cut(piece.ToArray())), .. cutter.Finish()];
                Assert.Equal(expected.Select(Shown), lines.Select(Shown));
            },
            iter: 300,
            threads: 1);
    }

    [Fact]
    public async Task A_chunk_of_many_lines_is_one_element()
    {
        var materializer = Sys.Materializer();
        var batches = await Source.Single(ByteString.FromString("a\nb\nc\n"))
            .Via(new LineFramer(Limit, Wait.Limit))
            .RunWith(Sink.Seq<SessionProtocol.LineBatch>(), materializer)
            .WaitAsync(Wait.Limit);
        Assert.Equal(3, Assert.Single(batches).Lines.Count);
    }

    [Fact]
    public async Task A_line_that_is_dripped_is_reported_once_and_the_rest_is_dropped()
    {
        var (bytes, batches) = Run(TimeSpan.FromMilliseconds(200));
        var clock = Stopwatch.StartNew();
        var next = batches.PullAsync();
        while (!next.IsCompleted)
        {
            await bytes.WriteAsync(ByteString.FromString("."));
        }

        var late = (await next).Value;
        Assert.True(late.IsLate && late.Lines.Count == 0);
        Assert.True(clock.Elapsed >= TimeSpan.FromMilliseconds(200), $"It was called late after {clock.Elapsed}.");
        await bytes.WriteAsync(ByteString.FromString("\nnot a line any more\n"));
        bytes.Complete();
        Assert.False((await Wait.For(batches.PullAsync(), "the end")).HasValue);
    }

    [Fact]
    public async Task A_line_that_nobody_wanted_to_read_is_not_late()
    {
        var (bytes, batches) = Run(TimeSpan.FromMilliseconds(50));
        await bytes.WriteAsync(ByteString.FromString("whole\nbegun"));
        await ExpectNoMsgAsync(TimeSpan.FromMilliseconds(300));
        await bytes.WriteAsync(ByteString.FromString(", ended\n"));
        Assert.Equal("whole", Encoding.UTF8.GetString(Assert.Single((await Wait.For(batches.PullAsync(), "a line")).Value.Lines).Bytes.Span));
        Assert.Equal("begun, ended", Encoding.UTF8.GetString(Assert.Single((await Wait.For(batches.PullAsync(), "a line")).Value.Lines).Bytes.Span));
    }

    // One batch is taken before anybody asks for it, and no more.
    private (ChannelWriter<ByteString> Bytes, ISinkQueue<SessionProtocol.LineBatch> Batches) Run(TimeSpan lineTimeMax)
    {
        var bytes = Channel.CreateBounded<ByteString>(1);
        var batches = ChannelSource.FromReader(bytes.Reader)
            .Via(new LineFramer(Limit, lineTimeMax))
            .RunWith(Sink.Queue<SessionProtocol.LineBatch>().WithAttributes(Attributes.CreateInputBuffer(1, 1)), Sys.Materializer());
        return (bytes.Writer, batches);
    }

    private static string Shown(InboundLine line) => $"{Convert.ToHexString(line.Bytes.Span)}+{line.SkippedBytes}";
}
