using CsCheck;
using Hydravisor.Actors.Audit.Checkpoints;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Setup;
using Hydravisor.Actors.Setup.Postgres;
using Npgsql;

namespace Hydravisor.Actors.Tests.Journal;

/// <summary>Who may write what: the rules that the database holds, against connections that try.</summary>
[Collection(PostgresTests.Name)]
public sealed class NodeClaimTests(PostgresServer server)
{
    private const string Insert = """
        insert into journal (created, deleted, persistence_id, sequence_number, manifest, message, identifier) values (0, false, $1, $2, 'vm.provisioned.v1', '{}', 7411)
        """;

    private readonly JournalAddress.Database _database = server.CreateDatabase();

    [Fact]
    public async Task What_a_claim_before_the_last_one_writes_is_refused()
    {
        await using var before = await TakeAsync("one");
        Write(before.Journal, "vm|one|a", 1);
        PostgresServer.Execute(_database, "select hydravisor_claim('one', 'a test')");
        Assert.Equal(PostgresSchema.Fenced, Refused(() => Write(before.Journal, "vm|one|a", 2)));
        Assert.Equal(PostgresSchema.Fenced, Refused(() => PostgresServer.Execute(
            before.Journal, "insert into snapshot (persistence_id, sequence_number, created) values ('vm|one|a', 1, 0)")));
        Assert.Contains("epoch is 1", await Wait.For(before.Ended, "the claim ends"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("vm|two|a")]
    [InlineData("ledger|two")]
    [InlineData("vm|one2|a")]
    [InlineData("vm")]
    [InlineData("")]
    public async Task A_node_writes_no_stream_of_another(string stream)
    {
        await using var one = await TakeAsync("one");
        await using var two = await TakeAsync("two");
        Assert.Equal("HV002", Refused(() => Write(one.Journal, stream, 1)));
    }

    [Fact]
    public async Task A_vm_has_one_node_whoever_is_first()
    {
        await using var one = await TakeAsync("one");
        await using var two = await TakeAsync("two");
        Write(one.Journal, "vm|one|a", 1);
        Assert.Equal(PostgresSchema.OfAnother, Refused(() => Write(two.Journal, "vm|two|a", 1)));
        Assert.Equal(PostgresSchema.OfAnother, Refused(() => Write(two.Journal, "vm|two|b", 2)));
        PostgresServer.Execute(_database, "update hydravisor_vm set node = 'two' where id = 'a'");
        Assert.Equal(PostgresSchema.OfAnother, Refused(() => Write(one.Journal, "vm|one|a", 2)));
        Write(two.Journal, "vm|two|a", 1);
    }

    [Fact]
    public async Task Of_nodes_that_make_the_same_vm_at_once_one_does()
    {
        await using var one = await TakeAsync("one");
        await using var two = await TakeAsync("two");
        for (var round = 0; round < 20; round++)
        {
            var vm = $"same{round}";
            var refusals = await Task.WhenAll(new[] { (one, "one"), (two, "two") }.Select(each => Task.Run(
                () => Record.Exception(() => Write(each.Item1.Journal, $"vm|{each.Item2}|{vm}", 1)) as PostgresException)));
            Assert.Equal(PostgresSchema.OfAnother, Assert.Single(refusals, refusal => refusal is not null)!.SqlState);
            Assert.Equal(1, Ask(_database, $"select count(*) from journal where persistence_id like '%{vm}'"));
        }
    }

    [Fact]
    public async Task Who_has_claimed_nothing_writes_nothing()
    {
        await using var one = await TakeAsync("one");
        Assert.Equal("HV002", Refused(() => Write(_database, "vm|one|a", 1)));
        Assert.Equal(PostgresSchema.Fenced, Refused(() => Write(_database.With("-c hydravisor.node=one", "test"), "vm|one|a", 1)));
        Assert.Equal(PostgresSchema.Fenced, Refused(() => Write(_database.WritingAs("three", 1), "vm|three|a", 1)));
    }

    [Theory]
    [InlineData("update journal set message = 'x'")]
    [InlineData("update journal set deleted = true")]
    [InlineData("delete from journal")]
    [InlineData("truncate journal")]
    public async Task Nothing_in_the_journal_is_changed_or_removed(string sql)
    {
        await using var one = await TakeAsync("one");
        Write(one.Journal, "vm|one|a", 1);
        Assert.Equal("HV004", Refused(() => PostgresServer.Execute(one.Journal, sql)));
    }

    [Fact]
    public async Task Two_processes_cannot_be_one_node()
    {
        await using (await TakeAsync("one"))
        {
            var refusal = await Assert.ThrowsAsync<SettingException>(() => TakeAsync("one"));
            Assert.Contains("another process is the node 'one'", refusal.Message, StringComparison.Ordinal);
        }

        await using var next = await TakeAsync("one");
        Assert.Equal(2, next.Epoch);
    }

    [Fact]
    public async Task A_claim_lives_through_a_crash_of_the_database()
    {
        var told = new List<string>();
        await using var one = await NodeClaim.TakeAsync(_database, "one", TimeSpan.Zero, TimeProvider.System, text =>
        {
            lock (told)
            {
                told.Add(text);
            }
        });
        Write(one.Journal, "vm|one|a", 1);
        server.Kill();
        await Wait.Until(() => Told() == 1, "it notices");
        server.Start();
        await Wait.Until(() => Told() == 2, "it notices that it is back");
        Write(one.Journal, "vm|one|a", 2);
        Assert.False(one.Ended.IsCompleted);
        await Assert.ThrowsAsync<SettingException>(() => TakeAsync("one"));

        int Told()
        {
            lock (told)
            {
                return told.Count;
            }
        }
    }

    [Fact]
    public async Task Since_when_a_killed_database_has_not_answered_is_known_until_it_answers_again()
    {
        await using var one = await TakeAsync("one");
        Assert.Null(one.SilentSince);
        server.Kill();
        await Wait.Until(() => one.SilentSince is not null, "it notices");
        Assert.True(one.SilentSince <= DateTimeOffset.UtcNow);
        server.Start();
        await Wait.Until(() => one.SilentSince is null, "it notices that it is back");
    }

    [Fact]
    public async Task A_database_that_says_nothing_at_all_is_silent_after_five_seconds()
    {
        var time = new HandTime();
        await using var one = await NodeClaim.TakeAsync(_database, "one", TimeSpan.Zero, time, _ => { });
        time.Pass(TimeSpan.FromSeconds(5));
        Assert.Null(one.SilentSince);
        time.Pass(TimeSpan.FromSeconds(1));
        Assert.NotNull(one.SilentSince);
        time.Ring();
        await Wait.Until(() => one.SilentSince is null, "it was asked again");
    }

    [Fact]
    public async Task Tables_of_another_version_are_refused()
    {
        await using (await TakeAsync("one"))
        {
            PostgresServer.Execute(_database, "update hydravisor_schema set version = 99");
        }

        Assert.Contains("version 99", (await Assert.ThrowsAsync<SettingException>(() => TakeAsync("one"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nodes_that_begin_at_once_make_the_tables_once()
    {
        var claims = await Task.WhenAll(Enumerable.Range(0, 5).Select(number => TakeAsync($"node-{number}")));
        Assert.All(claims, claim => Assert.Equal(1, claim.Epoch));
        foreach (var claim in claims)
        {
            await claim.DisposeAsync();
        }
    }

    /// <summary>The heart of it: a claim that returned has seen the last write of the one before.</summary>
    [Fact]
    public void Nothing_is_written_under_an_epoch_once_the_next_one_was_given() => Gen.Int[1, 6].Array[1, 4].Sample(
        writers =>
        {
            var database = server.CreateDatabase();
            var claim = NodeClaim.TakeAsync(database, "one", TimeSpan.Zero, TimeProvider.System, _ => { }).GetAwaiter().GetResult();
            try
            {
                var (epoch, streams) = (claim.Epoch, 0);
                foreach (var count in writers)
                {
                    // Now, and not when a writer begins: one that begins after the next claim would never be refused.
                    var journal = database.WritingAs("one", epoch);
                    var writing = Enumerable.Range(0, count).Select(_ => Task.Run(() => WriteUntilRefused(journal, $"vm|one|{Interlocked.Increment(ref streams)}"))).ToList();
                    SpinWait.SpinUntil(() => Ask(database, "select count(*) from journal") > 10 * epoch);
                    epoch = Ask(database, "select hydravisor_claim('one', 'a test')");
                    var written = Ask(database, "select count(*) from journal");
                    Assert.All(Task.WhenAll(writing).GetAwaiter().GetResult(), refusal => Assert.Equal(PostgresSchema.Fenced, refusal));
                    Assert.Equal(written, Ask(database, "select count(*) from journal"));
                }
            }
            finally
            {
                claim.DisposeAsync().AsTask().GetAwaiter().GetResult();
            }
        },
        iter: 6,
        threads: 1);

    /// <summary>Places are given before a write is committed, side by side: a checkpoint must not pass over one that is still to come.</summary>
    [Fact]
    public async Task Who_reads_for_checkpoints_misses_no_event_of_writers_side_by_side()
    {
        const int Writers = 6;
        const int Each = 150;
        await using var one = await TakeAsync("one");
        await using var two = await TakeAsync("two");
        var writing = Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(() =>
        {
            var node = writer == 0 ? two : one;
            for (var number = 1; number <= Each; number++)
            {
                Write(node.Journal, $"vm|{(writer == 0 ? "two" : "one")}|{writer}", number);
            }
        })));
        using var reader = new MovedHeadsReader(one.Journal, "one");
        var (through, events, last) = (0L, 0L, new Dictionary<string, string>());
        while (true)
        {
            var isLast = writing.IsCompleted;
            var moved = reader.Read(through, 100);
            (through, events) = (moved.Through, events + moved.Events);
            foreach (var (stream, head) in moved.Heads)
            {
                last[stream] = head;
            }

            if (isLast && !moved.More)
            {
                break;
            }
        }

        await writing;
        Assert.Equal((Writers - 1) * Each, events);
        Assert.Equal(Enumerable.Range(1, Writers - 1).Select(writer => $"vm|one|{writer}"), last.Keys.Order());
        Assert.All(last.Values, head => Assert.StartsWith($"{Each}:", head, StringComparison.Ordinal));
        Assert.Equal(0, reader.Count(through, 10));
    }

    private Task<NodeClaim> TakeAsync(string node) => NodeClaim.TakeAsync(_database, node, TimeSpan.Zero, TimeProvider.System, _ => { });

    private static void Write(JournalAddress.Database database, string stream, long number) => PostgresServer.Execute(database, Insert, stream, number);

    private static string? WriteUntilRefused(JournalAddress.Database database, string stream)
    {
        for (var number = 1; ; number++)
        {
            try
            {
                Write(database, stream, number);
            }
            catch (PostgresException e)
            {
                return e.SqlState;
            }
        }
    }

    private static string? Refused(Action write) => Assert.Throws<PostgresException>(write).SqlState;

    private static long Ask(JournalAddress.Database database, string sql)
    {
        using var connection = (NpgsqlConnection)database.Connect();
        connection.Open();
        using var command = new NpgsqlCommand(sql, connection);
        return (long)command.ExecuteScalar()!;
    }
}
