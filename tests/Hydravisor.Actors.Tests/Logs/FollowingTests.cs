using Hydravisor.Actors.Logs;

namespace Hydravisor.Actors.Tests.Logs;

public sealed class FollowingTests : IAsyncLifetime
{
    private static readonly string Line = new('x', 99);
    private readonly LogsNode _node = new(new LogsSettings { TailBytesMax = 100_000, BehindBytesMax = 500_000, SegmentBytes = 200_000, BytesMax = 2_000_000 });
    private long _written;

    public async Task InitializeAsync()
    {
        _node.Logs.Watch(LogsNode.Vm);
        await Write(1000);
    }

    public async Task DisposeAsync() => await _node.DisposeAsync();

    [Fact]
    public async Task One_who_begins_at_the_start_gets_all_and_then_what_comes()
    {
        using var follower = await Follower.Of(_node, LogStart.Start);
        await follower.Until(1000);
        await Write(1000);
        await follower.Until(2000);
        Assert.Equal(2000, follower.Got.Count);
        Assert.Equal(1, follower.Got[0].From);
    }

    [Fact]
    public async Task One_who_begins_at_a_number_gets_that_first()
    {
        using var follower = await Follower.Of(_node, LogStart.Seq(567));
        Assert.Equal(567, follower.Feed.From);
        await follower.Until(1000);
        Assert.Equal((567L, 567L), follower.Got[0]);
    }

    [Fact]
    public async Task One_who_begins_behind_the_end_begins_at_the_end()
    {
        using var follower = await Follower.Of(_node, LogStart.Seq(5000));
        Assert.Equal(1001, follower.Feed.From);
        await Write(1);
        await follower.Until(1001);
    }

    [Fact]
    public async Task One_who_is_live_and_a_little_behind_gets_all()
    {
        using var follower = await Follower.Of(_node, LogStart.Tail);
        await Write(1);
        await follower.Until(1001);
        await Write(2000); // more than is kept in memory, less than what is too far behind
        await follower.Until(3001);
        Assert.Equal(2001, follower.Got.Count);
    }

    [Fact]
    public async Task One_who_is_live_and_too_far_behind_gets_one_gap_and_the_live_end()
    {
        using var follower = await Follower.Of(_node, LogStart.Tail);
        Assert.False(follower.Take());
        await Write(6000);
        Assert.True(follower.Take());
        Assert.Equal([(1001L, 7000L)], follower.Got);
        await Write(1);
        await follower.Until(7001);
        Assert.Equal((7001L, 7001L), follower.Got[^1]);
    }

    [Fact]
    public async Task One_who_still_catches_up_is_never_thrown_forward()
    {
        using var follower = await Follower.Of(_node, LogStart.Start);
        await Write(6000);
        await follower.Until(7000);
        Assert.Equal(7000, follower.Got.Count);
    }

    [Fact]
    public async Task What_is_not_kept_any_more_is_a_gap_of_exactly_that()
    {
        using var follower = await Follower.Of(_node, LogStart.Start);
        await Write(20_000);
        await follower.Until(21_000);
        Assert.Equal(1, follower.Got[0].From);
        Assert.True(follower.Got[0].To > 1);
        Assert.All(follower.Got.Skip(1), entry => Assert.Equal(entry.From, entry.To));
    }

    [Fact]
    public async Task One_is_woken_once_for_each_time_that_there_was_nothing()
    {
        using var follower = await Follower.Of(_node, LogStart.Tail);
        Assert.False(follower.Take());
        Assert.False(follower.Take());
        await Write(1);
        await Wait.Until(() => follower.Wakes == 1, "the wake");
        await Write(1);
        await Write(1);
        Assert.Equal(1, follower.Wakes);
        await follower.Until(1003);
    }

    [Fact]
    public async Task A_thousand_followers_cost_no_more_memory_than_one_though_some_never_take()
    {
        var followers = new List<Follower>();
        for (var number = 0; number < 1000; number++)
        {
            followers.Add(await Follower.Of(_node, number % 2 == 0 ? LogStart.Start : LogStart.Tail));
        }

        await Write(1500);
        await Task.WhenAll(followers.Skip(20).Chunk(49).Select(some => Task.Run(async () =>
        {
            foreach (var follower in some)
            {
                await follower.Until(2500);
            }
        })));
        // The tail, and a few pieces that were read for all who were at the same place.
        Assert.InRange(_node.Logs.HeldBytes(LogsNode.Vm), 1, _node.Settings.TailBytesMax + (8 * 200_000));
        Assert.All(followers.Skip(20).Where((_, index) => index % 2 == 0), follower => Assert.Equal(2500, follower.Got.Count));
        followers.ForEach(follower => follower.Dispose());
        Assert.Equal(0, _node.Logs.HeldBytes(LogsNode.Vm));
    }

    [Fact]
    public async Task One_who_is_gone_is_told_nothing()
    {
        var follower = await Follower.Of(_node, LogStart.Tail);
        Assert.False(follower.Take());
        follower.Feed.Dispose();
        await Write(10);
        Assert.Equal(0, follower.Wakes);
        Assert.False(follower.Take());
    }

    private async Task Write(int lines)
    {
        // In pieces that virtlogd's turning of files would keep: the reader is always there before the next one.
        for (var done = 0; done < lines; done += 1000)
        {
            var count = Math.Min(1000, lines - done);
            _node.Console.Write(string.Concat(Enumerable.Repeat(Line + "\n", count)));
            _written += count;
            await Wait.Until(async () => (await _node.Logs.QueryAsync(LogsNode.Vm, LogStart.Tail, 1, 1)).Value.Next == _written + 1, "the lines");
        }
    }
}
