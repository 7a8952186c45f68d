namespace Hydravisor.Chaos.Checking;

/// <summary>All nodes show the same, and it is what the journal says and what is on the hypervisors.</summary>
internal static class WorldRules
{
    private static readonly Dictionary<string, string[]> Powers = new()
    {
        ["running"] = ["running"],
        ["booting"] = ["running"],
        ["suspended"] = ["paused"],
        ["stopped"] = ["off"],
    };

    // What was accepted last, and what must come of it.
    private static readonly Dictionary<string, string> Goals = new()
    {
        ["vm.created.v1"] = "running",
        ["vm.boot-begun.v1"] = "running",
        ["vm.resume-accepted.v1"] = "running",
        ["vm.reboot-accepted.v1"] = "running",
        ["vm.suspend-accepted.v1"] = "suspended",
        ["vm.stop-accepted.v1"] = "stopped",
        ["vm.delete-accepted.v1"] = "deleted",
    };

    private static readonly HashSet<string> Mishaps = ["vm.failed.v1", "vm.operation-failed.v1"];

    /// <summary>All that must not be.</summary>
    public static IEnumerable<Finding> Find(FinalState final) => [.. Same(final), .. Hypervisors(final), .. Reached(final)];

    private static IEnumerable<Finding> Same(FinalState final)
    {
        foreach (var vm in final.Lists.SelectMany(list => list.Value.Select(state => (list.Key, state))).GroupBy(pair => pair.state.Vm))
        {
            if (vm.Select(pair => pair.state).Distinct().Skip(1).Any() || vm.Select(pair => pair.Key).Distinct().Count() != final.Lists.Count || vm.Count() != final.Lists.Count)
            {
                yield return new Finding("lists-differ", $"{vm.Key} is not the same for all nodes: {string.Join("; ", vm.Select(pair => $"{pair.Key} shows {pair.state}"))}", []);
            }
        }
    }

    /// <summary>What is on a hypervisor and is none of the node's VMs, or otherwise than the nodes say.</summary>
    public static IEnumerable<Finding> Hypervisors(FinalState final)
    {
        var states = final.Lists.Values.FirstOrDefault([]).DistinctBy(state => state.Vm).ToDictionary(state => state.Vm);
        foreach (var guest in final.Guests)
        {
            if (!states.TryGetValue(guest.Vm, out var state))
            {
                yield return new Finding("guest-without-vm", $"{guest.Vm} is {guest.Power} on the hypervisor of {guest.Node}, and no VM of any list", []);
            }
            else if (state.Node != guest.Node)
            {
                yield return new Finding("guest-elsewhere", $"{guest.Vm} is {guest.Power} on the hypervisor of {guest.Node}, and the lists show it on {state.Node}", []);
            }
            else if (guest.Power != "directory" && Powers.TryGetValue(state.State, out var powers) && !powers.Contains(guest.Power))
            {
                yield return new Finding("guest-otherwise", $"{guest.Vm} is {guest.Power} on the hypervisor of {guest.Node}, and the lists show it {state.State}", []);
            }
        }

        var there = final.Guests.Where(guest => guest.Power != "directory").Select(guest => guest.Vm).ToHashSet();
        foreach (var state in states.Values.Where(state => !there.Contains(state.Vm) && Powers.ContainsKey(state.State)))
        {
            yield return new Finding("vm-without-guest", $"the lists show {state.Vm} {state.State} on {state.Node}, and its hypervisor has no such guest", []);
        }
    }

    private static IEnumerable<Finding> Reached(FinalState final)
    {
        var states = final.Lists.Values.FirstOrDefault([]).DistinctBy(state => state.Vm).ToDictionary(state => state.Vm, state => state.State);
        foreach (var stream in final.Lives)
        {
            var rows = stream.ToList();
            var wish = rows.FindLastIndex(row => Goals.ContainsKey(row.Manifest));
            var now = states.GetValueOrDefault(stream.Key, "deleted");
            if (wish >= 0 && now != Goals[rows[wish].Manifest] && !rows.Skip(wish).Any(row => Mishaps.Contains(row.Manifest)))
            {
                yield return new Finding(
                    "goal-missed", $"the last that was accepted for {stream.Key} is {rows[wish].Manifest} ({rows[wish].RequestId}), and it is {now}; its stream ends with {rows[^1].Manifest}", []);
            }
        }
    }
}
