using System.Globalization;
using Hydravisor.Actors.Hypervisors.Simulated;
using Hydravisor.EndToEnd.Tests.Harness;
using Microsoft.Data.Sqlite;
using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Faults;

/// <summary>What a kill -9 of the node must not change.</summary>
public class KillTests(ITestOutputHelper output) : EndToEndTest(output)
{
    [Fact]
    public async Task A_create_repeated_after_a_kill_returns_the_same_vm_also_when_it_is_deleted()
    {
        const string Create = """{"type":"vm/create","os":"tiny","meta":{"request_id":"mine","name":"mine"}}""";
        var node = await StartNodeAsync();
        var (id, first) = await DoAsync(node, async connection =>
        {
            var created = (await connection.AskAsync(Create)).MustBeOk("vm/create").Id();
            await connection.BroadcastAsync(created, "running");
            return (created, await connection.StateAsync(created));
        });
        await node.KillAndStartAsync();
        await DoAsync(node, async connection =>
        {
            Assert.Equal(id, (await connection.AskAsync(Create)).MustBeOk("vm/create").Id());
            var state = await connection.StateAsync(id);
            Assert.Equal(("running", 1, first.Text("since")), (state.Text("state"), state.Number("incarnation"), state.Text("since")));
            (await connection.AskAsync("""{"type":"vm/create","os":"tiny","cpu":2,"meta":{"request_id":"mine","name":"mine"}}""")).MustBeError(409, "mine");
            (await connection.AskAsync("""{"type":"vm/create","os":"tiny","meta":{"name":"mine"}}""")).MustBeError(409, "mine", id);
            return await connection.BringAsync("vm/delete", id, "deleted");
        });
        await node.KillAndStartAsync();
        await DoAsync(node, async connection =>
        {
            var again = (await connection.AskAsync(Create)).MustBeOk("vm/create");
            Assert.Equal((id, "deleted", 1), (again.Id(), again.Text("state"), again.Number("incarnation")));
            (await connection.AskAsync("vm/delete", id)).MustBeOk("vm/delete");
            return (await connection.StateAsync(id)).MustBeError(404);
        });
        Assert.Empty((await SimulatedWorld.OfAsync(node)).Domains);
    }

    [Fact]
    public async Task Vms_are_what_they_were_and_no_guest_is_touched()
    {
        var node = await StartNodeAsync();
        string[] states = ["running", "suspended", "stopped"];
        var ids = await DoAsync(node, async connection =>
        {
            var made = await Task.WhenAll(states.Select(_ => connection.CreateRunningAsync()));
            await connection.BringAsync("vm/suspend", made[1], "suspended");
            await connection.BringAsync("vm/stop", made[2], "stopped");
            return made;
        });
        var world = await SimulatedWorld.OfAsync(node);
        var before = world.Operations;
        for (var i = 0; i < 3; i++)
        {
            await node.KillAndStartAsync();
            await DoAsync(node, async connection =>
            {
                var seen = await Task.WhenAll(ids.Select(id => connection.StateAsync(id)));
                Assert.Equal(states, seen.Select(state => state.Text("state")));
                Assert.All(seen, state => Assert.Equal(1, state.Number("incarnation")));
                return seen;
            });
        }

        Assert.Equal(before, world.Operations);
    }

    [Fact]
    public async Task A_node_that_serves_knows_all_its_vms_from_its_first_answer_on()
    {
        var node = await StartNodeAsync();
        var ids = await DoAsync(node, connection => Task.WhenAll(Enumerable.Range(0, 60).Select(_ => connection.CreateRunningAsync("\"ram\":\"32MB\""))));
        for (var round = 0; round < 3; round++)
        {
            await node.KillAndStartAsync();
            await DoAsync(node, async connection =>
            {
                var list = await connection.AskAsync("""{"type":"vm/list"}""");
                Assert.Equal(ids.Order(), list.GetProperty("instances").EnumerateArray().Select(vm => vm.Id()).Order());
                return list;
            });
            await node.KillAndStartAsync();
            await DoAsync(node, async connection =>
            {
                Assert.All(await Task.WhenAll(ids.Select(id => connection.StateAsync(id))), state => Assert.Equal("running", state.Text("state")));
                return 0;
            });
        }
    }

    [Fact]
    public async Task What_others_do_to_a_domain_while_the_node_is_down_is_seen_when_it_is_back()
    {
        var node = await StartNodeAsync();
        (OutsideAction Action, string State, string Reason)[] cases =
        [
            (OutsideAction.Destroy, "stopped", "outside"),
            (OutsideAction.Kill, "failed", "QEMU"),
            (OutsideAction.Suspend, "suspended", "outside"),
            (OutsideAction.Undefine, "failed", "undefined"),
            (OutsideAction.GuestPowersOff, "stopped", "itself"),
        ];
        var ids = await DoAsync(node, connection => Task.WhenAll(cases.Select(_ => connection.CreateRunningAsync())));
        var world = await SimulatedWorld.OfAsync(node);
        await node.KillAsync();
        foreach (var (id, action) in ids.Zip(cases.Select(one => one.Action)))
        {
            await world.ActAsync(id, action);
        }

        await node.StartAsync();
        await DoAsync(node, async connection =>
        {
            foreach (var (id, (_, state, reason)) in ids.Zip(cases))
            {
                var now = await connection.AskAsync("vm/state", id, "\"subscribe\":true");
                now = now.Text("state") == state ? now : await connection.BroadcastAsync(id, state);
                Assert.Contains(reason, now.Text("reason"), StringComparison.Ordinal);
            }

            return 0;
        });
    }

    [Fact]
    public async Task Only_a_domain_of_ours_that_no_journal_knows_is_reported_as_an_orphan_and_it_is_left_alone()
    {
        const string Ours = "vm-00000000aaaa";
        const string Others = "vm-00000000bbbb";
        var node = await StartNodeAsync();
        var ids = await DoAsync(node, connection => Task.WhenAll(Enumerable.Range(0, 30).Select(_ => connection.CreateRunningAsync("\"ram\":\"32MB\""))));
        var world = await SimulatedWorld.OfAsync(node);
        await world.DefineOrphanAsync(Ours, (await File.ReadAllTextAsync(Path.Combine(node.Data, "node-name"))).Trim());
        await world.DefineOrphanAsync(Others, "another-node");
        for (var round = 0; round < 3; round++)
        {
            await node.KillAsync();
            var from = node.Output.Count;
            await node.StartAsync();
            await node.Output.LineWithAsync("orphan", from);
            await DoAsync(node, async connection =>
            {
                (await connection.StateAsync(Ours)).MustBeError(404);
                return await connection.AskAsync("""{"type":"vm/list"}""");
            });
            Assert.Contains(Ours, Assert.Single(node.Output.From(from), line => line.Contains("orphan", StringComparison.Ordinal)), StringComparison.Ordinal);
        }

        Assert.Superset(new HashSet<string>([Ours, Others, .. ids]), world.DomainIds.ToHashSet());
    }

    [Fact]
    public async Task A_registration_whose_vm_never_began_is_filled_by_the_repeated_request_or_forgotten_and_never_half()
    {
        var node = await StartNodeAsync();
        for (var round = 0; round < 12; round++)
        {
            var create = string.Create(
                CultureInfo.InvariantCulture, $$$$"""{"type":"vm/create","os":"tiny","meta":{"request_id":"half-{{{{round}}}}","name":"half-{{{{round}}}}"}}""");
            var id = await DoAsync(node, async connection =>
            {
                var made = (await connection.AskAsync(create)).MustBeOk("vm/create").Id();
                await connection.BroadcastAsync(made, "running");
                await connection.BringAsync("vm/stop", made, "stopped");
                return made;
            });
            await node.KillAsync();
            Forget(node, id);
            await node.StartAsync();
            await DoAsync(node, async connection =>
            {
                // Half of the rounds come as early as can be, the others when the node had time to think.
                for (var i = 0; i < (round % 2) * 20; i++)
                {
                    await connection.AskAsync("""{"type":"vm/list"}""");
                }

                Assert.Equal(id, (await connection.AskAsync(create)).MustBeOk("vm/create").Id());
                return await connection.BroadcastAsync(id, "running");
            });
            await node.KillAndStartAsync();
            await DoAsync(node, async connection =>
            {
                Assert.Equal("running", (await connection.StateAsync(id)).Text("state"));
                return (await connection.AskAsync("""{"type":"vm/create","os":"tiny","meta":{"name":"half-0"}}""")).MustBeError(409);
            });
        }
    }

    // As a kill between the registration and the VM's own first event leaves it.
    private static void Forget(NodeUnderTest node, string id)
    {
        using var journal = new SqliteConnection($"Data Source={Path.Combine(node.Data, "journal.db")};Pooling=False");
        journal.Open();
        using var delete = journal.CreateCommand();
        delete.CommandText = "delete from journal where persistence_id like 'vm|%|' || $id";
        delete.Parameters.AddWithValue("$id", id);
        Assert.True(delete.ExecuteNonQuery() > 0);
    }
}
