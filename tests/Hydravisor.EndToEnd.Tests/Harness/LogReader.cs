using System.Globalization;
using Hydravisor.Client;
using Hydravisor.Protocol;

namespace Hydravisor.EndToEnd.Tests.Harness;

/// <summary>A client that follows a VM's log from its first entry, and resumes at the next number where it lost the node.</summary>
internal sealed class LogReader(string id) : IAsyncDisposable
{
    /// <summary>To be typed into a tiny guest: it counts on its console and at its log port.</summary>
    public const string Counting =
        "\rexec 3>/dev/virtio-ports/org.hydravisor.log.0; stty -echo; i=0; while :; do i=$((i+1)); echo $i; echo $i >&3; usleep 20000; done\r";

    private readonly List<LogEntry> _entries = [];
    private HydravisorClient? _client;
    private IAsyncEnumerator<LogEntry>? _coming;

    /// <summary>What came, in the order in which it came.</summary>
    public IReadOnlyList<LogEntry> Entries => _entries;

    /// <summary>The lines that are numbers.</summary>
    public static List<int> Numbers(IEnumerable<string> lines) =>
        [.. lines.Select(line => int.TryParse(line.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0).Where(number => number > 0)];

    /// <summary>How far it counted on a stream.</summary>
    public int Last(string stream) => Numbers(Of(stream).Reverse().Take(20)) is [var last, ..] ? last : 0;

    /// <summary>No entry and no number is missing, twice, or out of order.</summary>
    public void MustBeWhole()
    {
        Assert.All(_entries, entry => Assert.Null(entry.Gap));
        Assert.Equal(Enumerable.Range(1, _entries.Count).Select(seq => (long?)seq), _entries.Select(entry => entry.Seq));
        foreach (var stream in (string[])["guest", "console"])
        {
            var numbers = Numbers(Of(stream));
            Assert.Equal(Enumerable.Range(1, numbers.Count), numbers);
        }
    }

    /// <summary>Reads until the guest has counted on by so much on both streams.</summary>
    public Task UntilFurtherAsync(NodeUnderTest node, int by)
    {
        var (console, guest) = (Last("console") + by, Last("guest") + by);
        return UntilAsync(node, _ => Last("console") >= console && Last("guest") >= guest, "the guest counts on");
    }

    /// <summary>Reads until an entry is wanted; over as many nodes as are needed for it.</summary>
    public async Task UntilAsync(NodeUnderTest node, Func<LogEntry, bool> wanted, string what)
    {
        LogEntry entry;
        do
        {
            entry = await NextAsync(node).InTimeAsync(what, () => $"{_entries.Count} entries, the last: {_entries.LastOrDefault()}\n{node.Output.Tail}");
            _entries.Add(entry);
        }
        while (!wanted(entry));
    }

    /// <summary>Reads for as long as the node lives.</summary>
    public async Task WhileItLivesAsync(NodeUnderTest node)
    {
        try
        {
            await ConnectAsync(node);
            while (await _coming!.MoveNextAsync())
            {
                _entries.Add(_coming.Current);
            }
        }
        catch (HydravisorConnectionException)
        {
            await DisposeAsync();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_client is { } client)
        {
            (_client, _coming) = (null, null);
            await client.DisposeAsync();
        }
    }

    private async Task<LogEntry> NextAsync(NodeUnderTest node)
    {
        while (true)
        {
            try
            {
                await ConnectAsync(node);
                Assert.True(await _coming!.MoveNextAsync(), "The log ended.");
                return _coming.Current;
            }
            catch (HydravisorConnectionException)
            {
                await DisposeAsync();
            }
        }
    }

    private async Task ConnectAsync(NodeUnderTest node)
    {
        if (_client is null)
        {
            _client = await node.ConnectClientAsync();
            var feed = await _client.FollowLogAsync(id, _entries.Count == 0 ? LogFrom.Start : LogFrom.At(_entries[^1].Seq!.Value + 1));
            _coming = feed.EntriesAsync().GetAsyncEnumerator();
        }
    }

    private IEnumerable<string> Of(string stream) => _entries.Where(entry => entry.Stream == stream).Select(entry => entry.Msg!);
}
