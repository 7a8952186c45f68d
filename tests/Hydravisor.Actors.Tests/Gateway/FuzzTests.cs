using Hydravisor.Fuzz;

namespace Hydravisor.Actors.Tests.Gateway;

/// <summary>The driver of <c>scripts/fuzz</c> for a short while, and the streams that it begins with or that broke a promise once.</summary>
public sealed class FuzzTests
{
    private const int Streams = 1500;
    private static readonly string Directory = Path.Combine(AppContext.BaseDirectory, "corpus");

    public static TheoryData<string> Files => [.. Corpus.Read(Directory).Select(entry => entry.Name)];

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Every_stream_of_the_corpus_keeps_the_promises_at_each_limit_and_in_any_chunks(string file)
    {
        using var run = new FuzzRun(seed: 1, [[]]);
        Assert.Null(await run.ReplayAsync(Corpus.Read(Directory).Single(entry => entry.Name == file).Bytes));
    }

    [Fact]
    public async Task Whatever_a_peer_sends_the_promises_are_kept()
    {
        using var run = new FuzzRun(seed: 7, [.. Corpus.Read(Directory).Select(entry => entry.Bytes)]);
        var findings = new List<Finding>();
        await run.RunAsync(Streams, findings.Add, CancellationToken.None);
        Assert.True(findings.Count == 0, string.Join('\n', findings.Select(finding => $"{finding.Why}\n{Corpus.TextOf(finding.Stream)}")));
        Assert.Equal(Streams, run.Streams);
    }

    [Fact]
    public void A_broken_promise_is_noticed()
    {
        var promises = new Promises(new Signer(1));
        Assert.Equal(2, promises.Check("a\nb\n"u8.ToArray(), ["a\n"u8.ToArray(), "b"u8.ToArray()], 100));
        Assert.Contains("chunks", Assert.Throws<PromiseBrokenException>(() => promises.Check("a\nb\n"u8.ToArray(), ["a"u8.ToArray(), "b\n"u8.ToArray()], 100)).Message, StringComparison.Ordinal);

        // A right signature that the signer does not know of.
        var line = new Signer(1).Wrap("""{"type":"vm/list"}"""u8.ToArray(), new Random(1));
        Assert.Contains("signature", Assert.Throws<PromiseBrokenException>(() => promises.Check(line, [line], 4096)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_seed_makes_the_same_streams_and_a_file_of_the_corpus_gives_its_bytes_back()
    {
        byte[] bytes = [.. Enumerable.Range(0, 256).Select(value => (byte)value)];
        Assert.Equal(bytes, Corpus.BytesOf(Corpus.TextOf(bytes)));
        Assert.Equal("a\0\0\0b"u8.ToArray(), Corpus.BytesOf("a␛00*3b"));
        var corpus = Corpus.Read(Directory).Select(entry => entry.Bytes).ToList();
        var (one, other) = (new Random(5), new Random(5));
        Assert.Equal(Lengths(one), Lengths(other));

        List<int> Lengths(Random chance) => [.. Enumerable.Range(0, 200).Select(_ => new Mutator(corpus, new Signer(1)).Make(chance, 300).Length)];
    }
}
