using CsCheck;
using Hydravisor.Actors.Access;
using Hydravisor.Actors.Cluster;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Setup.Postgres;
using Hydravisor.Actors.Tests.Journal;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Tests.Cluster;

/// <summary>What holds of reservations, whoever keeps them.</summary>
public abstract class ReservationsContract
{
    [Fact]
    public async Task What_a_node_reserved_stays_its_own()
    {
        var (one, two) = await TwoAsync();
        Assert.IsType<Reservation.Granted>(await one.ReserveAsync(Entry(1, "web"), null));
        Assert.IsType<Reservation.Granted>(await one.ReserveAsync(Entry(1, "web"), null));
        Assert.Equal(new Reservation.Elsewhere("one"), await two.ReserveAsync(Entry(1, "web"), null));
        await two.ReleaseAsync(Entry(1, "web").Id);
        Assert.Equal(new Reservation.Elsewhere("one"), await two.ReserveAsync(Entry(1, "other"), null));
    }

    [Fact]
    public async Task A_name_is_one_vms_until_it_is_let_go()
    {
        var (one, two) = await TwoAsync();
        Assert.IsType<Reservation.Granted>(await one.ReserveAsync(Entry(1, "web"), null));
        var refused = Assert.IsType<Reservation.Refused>(await two.ReserveAsync(Entry(2, "web"), null));
        Assert.Equal((ErrorCode.Conflict, $"the name 'web' is taken by {Entry(1, "").Id}; choose another, or delete that VM first"), (refused.Code, refused.Message));
        await one.ReleaseAsync(Entry(1, "web").Id);
        await one.ReleaseAsync(Entry(1, "web").Id);
        Assert.IsType<Reservation.Granted>(await two.ReserveAsync(Entry(2, "web"), null));
    }

    [Fact]
    public async Task The_quota_of_an_agent_is_over_all_nodes()
    {
        var (one, two) = await TwoAsync();
        var quota = new RegistryQuota("sandboxed", new RoleLimits { Vms = 2, Vcpus = 5 });
        Assert.IsType<Reservation.Granted>(await one.ReserveAsync(Entry(1, "a"), quota));
        Assert.IsType<Reservation.Granted>(await two.ReserveAsync(Entry(2, "b"), quota));
        var refused = Assert.IsType<Reservation.Refused>(await one.ReserveAsync(Entry(3, "c"), quota));
        Assert.Equal((ErrorCode.TooMany, "the role 'sandboxed' lets an agent have 2 VMs at once, and this one has 2; delete a VM, or ask for less"), (refused.Code, refused.Message));
        Assert.IsType<Reservation.Granted>(await one.ReserveAsync(Entry(3, "c", agent: "another"), quota));
        await two.ReleaseAsync(Entry(2, "b").Id);
        Assert.Contains("5 vCPUs, and this one has 2 and asks for 4", Assert.IsType<Reservation.Refused>(await two.ReserveAsync(Entry(4, "d", vcpus: 4), quota)).Message, StringComparison.Ordinal);
        Assert.IsType<Reservation.Granted>(await two.ReserveAsync(Entry(4, "d"), quota));
    }

    [Fact]
    public async Task Of_many_that_want_one_name_or_the_last_of_a_quota_at_once_one_gets_it()
    {
        var (one, two) = await TwoAsync();
        for (var round = 0; round < 10; round++)
        {
            var (names, quota) = (round, new RegistryQuota("r", new RoleLimits { Vms = 1 }));
            var sameName = await Task.WhenAll(Enumerable.Range(0, 8).Select(number => (number % 2 == 0 ? one : two).ReserveAsync(Entry((100 * names) + number, $"name-{names}"), null)));
            Assert.Single(sameName.OfType<Reservation.Granted>());
            Assert.Equal(7, sameName.OfType<Reservation.Refused>().Count(refused => refused.Code == ErrorCode.Conflict));
            var lastOne = await Task.WhenAll(Enumerable.Range(20, 8).Select(number => (number % 2 == 0 ? one : two)
                .ReserveAsync(Entry((100 * names) + number, $"q-{names}-{number}", agent: $"agent-{names}"), quota)));
            Assert.Single(lastOne.OfType<Reservation.Granted>());
            Assert.Equal(7, lastOne.OfType<Reservation.Refused>().Count(refused => refused.Code == ErrorCode.TooMany));
            var sameVm = await Task.WhenAll(Enumerable.Range(0, 8).Select(number => (number % 2 == 0 ? one : two).ReserveAsync(Entry((100 * names) + 50, $"same-{names}"), null)));
            Assert.Equal(4, sameVm.OfType<Reservation.Granted>().Count());
            Assert.Equal(4, sameVm.OfType<Reservation.Elsewhere>().Count());
        }
    }

    private protected abstract Task<(IReservations One, IReservations Two)> TwoAsync();

    private protected static RegistryEntry Entry(int id, string name, string agent = "agent", int vcpus = 2) =>
        new(InstanceId.Parse($"vm-{id:x12}"), name, agent, $"r-{id}", "digest", "tiny", vcpus, 1 << 30, 1 << 30);
}

/// <summary>Reservations that nodes of one process share, in memory.</summary>
internal sealed class MemoryReservations(string node, Dictionary<InstanceId, (string Node, RegistryEntry Entry)> all) : IReservations
{
    public Task<Reservation> ReserveAsync(RegistryEntry entry, RegistryQuota? quota)
    {
        lock (all)
        {
            return Task.FromResult(Reserve(entry, quota));
        }
    }

    public Task ReleaseAsync(InstanceId id)
    {
        lock (all)
        {
            if (all.TryGetValue(id, out var kept) && kept.Node == node)
            {
                all.Remove(id);
            }
        }

        return Task.CompletedTask;
    }

    private Reservation Reserve(RegistryEntry entry, RegistryQuota? quota)
    {
        if (all.TryGetValue(entry.Id, out var kept))
        {
            return kept.Node == node ? new Reservation.Granted() : new Reservation.Elsewhere(kept.Node);
        }

        var own = all.Values.Where(each => each.Entry.Agent == entry.Agent).Select(each => each.Entry).ToList();
        var use = new RegistryQuota.Use(own.Count, own.Sum(each => (long)each.Vcpus), own.Sum(each => each.RamBytes), own.Sum(each => each.DiskBytes));
        var refused = quota?.Refusal(use, entry)
            ?? (all.Values.FirstOrDefault(each => each.Entry.Name == entry.Name) is { Entry: { } namesake } ? RegistryDecider.NameTaken(entry.Name, namesake.Id) : null);
        if (refused is not null)
        {
            return new Reservation.Refused(refused.Code, refused.Message);
        }

        all[entry.Id] = (node, entry);
        return new Reservation.Granted();
    }
}

public sealed class MemoryReservationsTests : ReservationsContract
{
    private protected override Task<(IReservations One, IReservations Two)> TwoAsync()
    {
        var all = new Dictionary<InstanceId, (string, RegistryEntry)>();
        return Task.FromResult<(IReservations, IReservations)>((new MemoryReservations("one", all), new MemoryReservations("two", all)));
    }
}

[Collection(PostgresTests.Name)]
public sealed class PostgresReservationsTests(PostgresServer server) : ReservationsContract, IAsyncLifetime
{
    private readonly JournalAddress.Database _database = server.CreateDatabase();
    private readonly List<IAsyncDisposable> _open = [];

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var each in _open.AsEnumerable().Reverse())
        {
            await each.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_deleted_vm_lets_its_name_go_and_keeps_its_id()
    {
        var (one, two) = await TwoAsync();
        var journal = ((NodeClaim)_open[0]).Journal;
        Assert.IsType<Reservation.Granted>(await one.ReserveAsync(Entry(1, "web"), null));
        Write(journal, 1, "vm.created.v1");
        await one.ReleaseAsync(Entry(1, "web").Id);
        Assert.IsType<Reservation.Refused>(await two.ReserveAsync(Entry(2, "web"), null));
        Write(journal, 2, "vm.deleted.v1");
        Assert.IsType<Reservation.Granted>(await two.ReserveAsync(Entry(2, "web"), null));
        Assert.Equal(new Reservation.Elsewhere("one"), await two.ReserveAsync(Entry(1, "other"), null));
    }

    [Fact]
    public async Task Who_was_fenced_reserves_nothing_and_releases_nothing()
    {
        var (one, two) = await TwoAsync();
        Assert.IsType<Reservation.Granted>(await one.ReserveAsync(Entry(1, "web"), null));
        PostgresServer.Execute(_database, "select hydravisor_claim('one', 'a test')");
        Assert.Equal(PostgresSchema.Fenced, (await Assert.ThrowsAsync<Npgsql.PostgresException>(() => one.ReserveAsync(Entry(2, "b"), null))).SqlState);
        Assert.Equal(PostgresSchema.Fenced, (await Assert.ThrowsAsync<Npgsql.PostgresException>(() => one.ReleaseAsync(Entry(1, "web").Id))).SqlState);
        Assert.Equal(new Reservation.Elsewhere("one"), await two.ReserveAsync(Entry(1, "web"), null));
    }

    [Fact]
    public async Task A_vm_that_nobody_reserved_has_its_name_from_its_first_event()
    {
        var (one, two) = await TwoAsync();
        Write(((NodeClaim)_open[0]).Journal, 1, "vm.created.v1", """{"event":{"owner":"a","spec":{"name":"web","vcpus":2,"labels":{"x":"\\u0000"}}}}""");
        Assert.IsType<Reservation.Refused>(await two.ReserveAsync(Entry(2, "web"), null));
        Assert.IsType<Reservation.Granted>(await one.ReserveAsync(Entry(3, "db"), null));
        var refused = Assert.Throws<Npgsql.PostgresException>(() => Write(((NodeClaim)_open[2]).Journal, 1, "vm.created.v1", """{"event":{"spec":{"name":"db"}}}""", id: 9, node: "two"));
        Assert.Equal(PostgresSchema.NameTaken, refused.SqlState);
    }

    private protected override async Task<(IReservations One, IReservations Two)> TwoAsync() => (await OneAsync("one"), await OneAsync("two"));

    private async Task<IReservations> OneAsync(string node)
    {
        var claim = await NodeClaim.TakeAsync(_database, node, TimeSpan.Zero, TimeProvider.System, _ => { });
        var store = new SharedStore(claim.Journal);
        _open.AddRange([claim, store]);
        return new PostgresReservations(store);
    }

    private static void Write(JournalAddress.Database journal, long number, string manifest, string message = "{}", int id = 1, string node = "one") => PostgresServer.Execute(
        journal,
        "insert into journal (created, deleted, persistence_id, sequence_number, manifest, message, identifier) values (0, false, $1, $2, $3, convert_to($4, 'UTF8'), 7411)",
        $"vm|{node}|vm-{id:x12}", number, manifest, message);
}
