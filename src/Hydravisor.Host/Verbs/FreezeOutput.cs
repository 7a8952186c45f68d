using System.Globalization;
using System.Text.Json.Nodes;
using Hydravisor.Actors.Access.Agents;
using Hydravisor.Actors.Audit;
using Hydravisor.Protocol;
using Spectre.Console;

namespace Hydravisor.Host.Verbs;

/// <summary>What a freeze came to, on stdout: a table for people, an object for programs.</summary>
internal sealed class FreezeOutput(VerbEnvironment environment, bool json)
{
    /// <summary>The VMs of the agent, and whether they stand still.</summary>
    /// <param name="agent">The agent, which is frozen.</param>
    /// <param name="vms">Its VMs.</param>
    /// <param name="isServed">Whether a node runs that suspends them.</param>
    public void Show(Agent agent, OwnedVms vms, bool isServed)
    {
        var (frozenAt, there) = (agent.FrozenAt!.Value, vms.There.ToList());
        if (json)
        {
            environment.Output.WriteLine(Node(agent, vms, there, isServed).ToJsonString());
            return;
        }

        if (there.Count > 0)
        {
            var table = PlainTable.Of("INSTANCE", "NAME", "BEFORE", "NOW", "SUSPENDED AFTER");
            foreach (var vm in there)
            {
                table.AddRow(
                    new Text(vm.State.Id!.Value),
                    new Text(vm.State.Spec!.Name),
                    new Text(vm.Before?.ToWireName() ?? "-"),
                    new Text(vm.State.Phase.ToWireName()),
                    new Text(After(vm, frozenAt) is { } after ? string.Create(CultureInfo.InvariantCulture, $"{after.TotalMilliseconds:0} ms") : "-"));
            }

            environment.Show(table);
        }

    }

    /// <summary>What it came to, in a sentence.</summary>
    public static string Sentence(Agent agent, OwnedVms vms, bool isServed)
    {
        var (frozenAt, there) = (agent.FrozenAt!.Value, vms.There.ToList());
        var took = there.Select(vm => After(vm, frozenAt)).OfType<TimeSpan>().ToList();
        var done = took.Count == 0
            ? $"{agent} is frozen since {PlainTable.Time(frozenAt)}; none of its VMs had to be suspended."
            : string.Create(CultureInfo.InvariantCulture, $"{agent} is frozen since {PlainTable.Time(frozenAt)}; {took.Count} of its VMs were suspended, the last after {took.Max().TotalMilliseconds:0} ms.");
        return there.Count(vm => !vm.StandsStill) switch
        {
            0 => done,
            var left when isServed => $"{done} {left} do not stand still yet: the node goes on with them. To see how far it is, repeat the command.",
            var left => $"{done} {left} are not suspended: no node runs that has them, and the guests run without one. They will be suspended as soon as it starts.",
        };
    }

    private static JsonObject Node(Agent agent, OwnedVms vms, List<OwnedVm> there, bool isServed) => new()
    {
        ["fingerprint"] = agent.Fingerprint,
        ["name"] = agent.Name,
        ["frozen_at"] = Instant(agent.FrozenAt!.Value),
        ["node_runs"] = isServed,
        ["all_stand_still"] = vms.StandStill,
        ["vms"] = new JsonArray([.. there.Select(vm => new JsonObject
        {
            ["instance_id"] = vm.State.Id!.Value,
            ["name"] = vm.State.Spec!.Name,
            ["before"] = vm.Before?.ToWireName(),
            ["state"] = vm.State.Phase.ToWireName(),
            ["suspended_after_ms"] = After(vm, agent.FrozenAt.Value)?.TotalMilliseconds,
        })]),
    };

    // What stood still before the freeze was not suspended by it.
    private static TimeSpan? After(OwnedVm vm, DateTimeOffset frozenAt) =>
        vm.State is { Phase: VmPhase.Suspended } state && state.Since >= frozenAt ? state.Since - frozenAt : null;

    private static string Instant(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
