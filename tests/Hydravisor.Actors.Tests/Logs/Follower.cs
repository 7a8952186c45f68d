using System.Text;
using System.Text.Json;
using Hydravisor.Actors.Logs;
using Hydravisor.Actors.Logs.Following;

namespace Hydravisor.Actors.Tests.Logs;

/// <summary>One who follows a log as a session does, and checks what it is told.</summary>
internal sealed class Follower : IDisposable
{
    private readonly SemaphoreSlim _woken = new(0);
    private LogFeed? _feed;
    private int _wakes;

    public LogFeed Feed => _feed!;

    /// <summary>The entries that came: their sequence numbers, gaps as pairs.</summary>
    public List<(long From, long To)> Got { get; } = [];

    public List<string> Messages { get; } = [];

    public int Wakes => Volatile.Read(ref _wakes);

    public static async Task<Follower> Of(LogsNode node, LogStart from)
    {
        var follower = new Follower();
        var followed = await Wait.For(node.Logs.FollowAsync(LogsNode.Vm, from, follower.Wake), "the feed");
        follower._feed = followed.Value!;
        return follower;
    }

    /// <summary>Takes what there is; false: nothing.</summary>
    public bool Take()
    {
        if (!Feed.TryTake(out var lines))
        {
            return false;
        }

        var text = Encoding.UTF8.GetString(lines.Span);
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            using var message = JsonDocument.Parse(line);
            Assert.Equal("model/log", message.RootElement.GetProperty("type").GetString());
            Assert.Equal(LogsNode.Vm.Value, message.RootElement.GetProperty("source").GetString());
            foreach (var entry in message.RootElement.GetProperty("payload").EnumerateArray())
            {
                Add(entry);
            }
        }

        return true;
    }

    /// <summary>Takes, and waits to be woken, until an entry came.</summary>
    public async Task Until(long seq)
    {
        while (Got.Count == 0 || Got[^1].To < seq)
        {
            if (!Take())
            {
                Assert.True(await _woken.WaitAsync(Wait.Limit), $"Nobody woke the follower at {(Got.Count == 0 ? 0 : Got[^1].To)} of {seq}.");
            }
        }
    }

    public async Task UntilEnded()
    {
        while (Feed.Ended is null)
        {
            if (!Take() && Feed.Ended is null)
            {
                Assert.True(await _woken.WaitAsync(Wait.Limit), "Nobody told the follower of the end.");
            }
        }
    }

    public void Dispose()
    {
        _feed?.Dispose();
        _woken.Dispose();
    }

    private void Add(JsonElement entry)
    {
        var (from, to) = entry.TryGetProperty("gap", out var gap)
            ? (gap.GetProperty("from").GetInt64(), gap.GetProperty("to").GetInt64())
            : (entry.GetProperty("seq").GetInt64(), entry.GetProperty("seq").GetInt64());
        Assert.True(Got.Count == 0 || from == Got[^1].To + 1, $"{from} came after {(Got.Count == 0 ? 0 : Got[^1].To)}.");
        Got.Add((from, to));
        Messages.Add(entry.TryGetProperty("msg", out var msg) ? msg.GetString()! : "");
    }

    private void Wake()
    {
        Interlocked.Increment(ref _wakes);
        _woken.Release();
    }
}
