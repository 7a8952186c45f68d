using Akka.Actor;
using CsCheck;
using Hydravisor.Actors.Cluster;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Setup.Postgres;
using Hydravisor.Actors.Tests.Journal;
using Npgsql;

namespace Hydravisor.Actors.Tests.Cluster;

/// <summary>Who may begin a cluster, and who is fenced: as the store has it.</summary>
[Collection(PostgresTests.Name)]
public sealed class StandingsTests(PostgresServer server) : ClaimedNodesTest(server)
{
    private const string Insert = """
        insert into journal (created, deleted, persistence_id, sequence_number, manifest, message, identifier) values (0, false, $1, $2, 'vm.provisioned.v1', '{}', 7411)
        """;

    [Fact]
    public async Task Of_nodes_that_live_the_one_that_claimed_first_has_no_elder()
    {
        var (one, _) = await TakeAsync("one", "10.0.0.1:7412");
        var (_, byItself) = await TakeAsync("by-itself", listens: null);
        var (two, ofTwo) = await TakeAsync("two", "10.0.0.2:7412");
        var (_, ofThree) = await TakeAsync("three", "[fd00::3]:7412");
        Assert.Empty(await new PostgresStandings(byItself, "one").EldersAsync());
        Assert.Equal(["10.0.0.1:7412"], await EldersAsync(ofTwo, "two"));
        Assert.Equal(["10.0.0.1:7412", "10.0.0.2:7412"], await EldersAsync(ofThree, "three"));

        // Whoever comes back is the youngest.
        await LeaveAsync(one, "one");
        Assert.Empty(await EldersAsync(ofTwo, "two"));
        var (_, again) = await TakeAsync("one", "10.0.0.1:7412");
        Assert.Equal(["10.0.0.2:7412", "[fd00::3]:7412"], await EldersAsync(again, "one"));
        await LeaveAsync(two, "two");
        Assert.Empty(await EldersAsync(ofThree, "three"));
    }

    [Fact]
    public async Task Who_is_fenced_writes_nothing_more_and_is_no_elder_though_it_lives()
    {
        var (one, _) = await TakeAsync("one", "10.0.0.1:7412");
        var (_, ofTwo) = await TakeAsync("two", "10.0.0.2:7412");
        Write(one.Journal, "vm|one|a", 1);
        await new PostgresStandings(ofTwo, "two").FenceAsync("one", one.Epoch);
        Assert.Equal(PostgresSchema.Fenced, Assert.Throws<PostgresException>(() => Write(one.Journal, "vm|one|a", 2)).SqlState);
        Assert.Contains("has ended", await Wait.For(one.Ended, "the claim ends"), StringComparison.Ordinal);
        Assert.Empty(await EldersAsync(ofTwo, "two"));
    }

    [Fact]
    public async Task A_fence_never_meets_the_process_that_came_after()
    {
        var (before, _) = await TakeAsync("one", "10.0.0.1:7412");
        await LeaveAsync(before, "one");
        var (now, _) = await TakeAsync("one", "10.0.0.1:7412");
        var (_, ofTwo) = await TakeAsync("two", "10.0.0.2:7412");
        await new PostgresStandings(ofTwo, "two").FenceAsync("one", before.Epoch);
        Write(now.Journal, "vm|one|a", 1);
        await new PostgresStandings(ofTwo, "two").FenceAsync("nobody", 1);
        Assert.Equal(["10.0.0.1:7412"], await EldersAsync(ofTwo, "two"));
    }

    [Fact]
    public async Task Who_was_fenced_fences_nobody()
    {
        var (one, ofOne) = await TakeAsync("one", "10.0.0.1:7412");
        var (two, ofTwo) = await TakeAsync("two", "10.0.0.2:7412");
        await new PostgresStandings(ofTwo, "two").FenceAsync("one", one.Epoch);
        var refused = await Assert.ThrowsAsync<PostgresException>(() => new PostgresStandings(ofOne, "one").FenceAsync("two", two.Epoch));
        Assert.Equal(PostgresSchema.Fenced, refused.SqlState);
        Write(two.Journal, "vm|two|a", 1);
    }

    [Fact]
    public async Task Nodes_that_fence_each_other_at_once_are_not_both_fenced()
    {
        for (var round = 0; round < 5; round++)
        {
            var (one, ofOne) = await TakeAsync($"one-{round}", "10.0.0.1:7412");
            var (two, ofTwo) = await TakeAsync($"two-{round}", "10.0.0.2:7412");
            var tried = await Task.WhenAll(TryAsync(ofOne, $"one-{round}", $"two-{round}", two.Epoch), TryAsync(ofTwo, $"two-{round}", $"one-{round}", one.Epoch));
            Assert.Single(tried, succeeded => succeeded);
        }
    }

    [Fact]
    public async Task A_process_that_stands_still_while_it_writes_holds_up_no_fence()
    {
        var (one, _) = await TakeAsync("one", "10.0.0.1:7412");
        var (_, ofTwo) = await TakeAsync("two", "10.0.0.2:7412");
        using var stopped = (NpgsqlConnection)one.Journal.Connect();
        await stopped.OpenAsync();
        await using var transaction = await stopped.BeginTransactionAsync();
        await using (var command = new NpgsqlCommand(Insert, stopped) { Parameters = { new() { Value = "vm|one|a" }, new() { Value = 1L } } })
        {
            await command.ExecuteNonQueryAsync();
        }

        await Wait.For(new PostgresStandings(ofTwo, "two").FenceAsync("one", one.Epoch), "the fence");
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => transaction.CommitAsync());
    }

    [Fact]
    public void Who_has_elders_never_begins_a_cluster_and_who_has_none_does_and_all_are_asked_once() =>
        Gen.Select(Gen.Int[1, 9], Gen.Int[1, 9].Array[0, 5], Gen.Int[1, 9].Array[0, 5]).Sample((me, seeds, elders) =>
        {
            var self = At(me);
            var others = elders.Where(elder => elder != me).Select(At).ToList();
            var order = JoiningActor.Order(self, [.. seeds.Select(At)], others);
            Assert.Equal(order.Distinct(), order);
            Assert.Equal(others.Count == 0, order.Contains(self));
            Assert.True(others.Count > 0 || order[0] == self);
            Assert.Equal(others.Concat(seeds.Select(At)).Where(other => other != self).ToHashSet(), order.Where(other => other != self).ToHashSet());
        });

    private static Address At(int number) => new("akka.ssl.tcp", "hydravisor", $"10.0.0.{number}", 7412);

    private static async Task<bool> TryAsync(SharedStore store, string me, string other, long epoch)
    {
        try
        {
            await new PostgresStandings(store, me).FenceAsync(other, epoch);
            return true;
        }
        catch (PostgresException)
        {
            return false;
        }
    }

    private static async Task<IEnumerable<string>> EldersAsync(SharedStore store, string node) =>
        (await new PostgresStandings(store, node).EldersAsync()).Select(elder => elder.ToString());

    private static void Write(JournalAddress.Database database, string stream, long number) => PostgresServer.Execute(database, Insert, stream, number);
}
