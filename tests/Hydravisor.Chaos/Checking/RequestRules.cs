using Hydravisor.Chaos.Histories;

namespace Hydravisor.Chaos.Checking;

/// <summary>What was acknowledged holds, and is one thing; what was asked is answered.</summary>
internal static class RequestRules
{
    private static readonly HashSet<string> Changes = ["vm/create", "vm/delete", "vm/start", "vm/stop", "vm/suspend", "vm/resume", "vm/reboot"];

    /// <summary>Whether it changes a VM.</summary>
    public static bool IsChange(string type) => Changes.Contains(type);

    /// <summary>Whether a code says "try again": nothing is known of what became of the request.</summary>
    public static bool IsNotNow(int code) => code is 503 or 408;

    /// <summary>All that must not be.</summary>
    public static IEnumerable<Finding> Find(IReadOnlyList<HistoryEvent> history, FinalState final) =>
        [.. Creations(history, final), .. Deletions(history, final), .. Ids(history), .. Undecided(history)];

    private static IEnumerable<Finding> Creations(IReadOnlyList<HistoryEvent> history, FinalState final)
    {
        var doomed = history.OfType<Asked>().Where(asked => asked.Type == "vm/delete").Select(asked => asked.Vm).ToHashSet();
        foreach (var created in Acknowledged(history, "vm/create").DistinctBy(answer => answer.Vm))
        {
            foreach (var (node, list) in final.Lists)
            {
                if (!doomed.Contains(created.Vm) && list.All(state => state.Vm != created.Vm))
                {
                    yield return new Finding(
                        "created-and-lost", $"{created.Vm} was acknowledged ({created.RequestId}), nobody deleted it, and it is not in the list of {node}", history.About(created.Vm, created.RequestId));
                }
            }
        }

        foreach (var refused in history.OfType<Answered>().Where(answer => answer.Type == "vm/create" && answer.Code != 0 && answer.Code != 507 && !IsNotNow(answer.Code)))
        {
            yield return new Finding("create-refused", $"{refused.RequestId} is a right request and was refused: {refused.Code} {refused.Message}", history.About(requestId: refused.RequestId));
        }
    }

    private static IEnumerable<Finding> Deletions(IReadOnlyList<HistoryEvent> history, FinalState final) =>
        from deleted in Acknowledged(history, "vm/delete").DistinctBy(answer => answer.Vm)
        from list in final.Lists
        from state in list.Value
        where state.Vm == deleted.Vm
        select new Finding(
            "deleted-and-there", $"the deletion of {deleted.Vm} was acknowledged ({deleted.RequestId}), and it is {state.State} in the list of {list.Key}", history.About(deleted.Vm));

    private static IEnumerable<Finding> Ids(IReadOnlyList<HistoryEvent> history)
    {
        var created = Acknowledged(history, "vm/create").ToList();
        foreach (var request in created.GroupBy(answer => answer.RequestId).Where(request => request.Select(answer => answer.Vm).Distinct().Skip(1).Any()))
        {
            yield return new Finding(
                "one-request-two-vms", $"{request.Key} was answered with {string.Join(" and ", request.Select(answer => answer.Vm).Distinct())}", history.About(requestId: request.Key));
        }

        foreach (var vm in created.GroupBy(answer => answer.Vm).Where(vm => vm.Select(answer => answer.RequestId).Distinct().Skip(1).Any()))
        {
            yield return new Finding(
                "two-requests-one-vm", $"{string.Join(" and ", vm.Select(answer => answer.RequestId).Distinct())} were answered with {vm.Key}", history.About(vm.Key));
        }
    }

    private static IEnumerable<Finding> Undecided(IReadOnlyList<HistoryEvent> history)
    {
        var decided = history.OfType<Answered>().Where(answer => !IsNotNow(answer.Code)).Select(answer => answer.RequestId).ToHashSet();
        return history.OfType<Asked>().Where(asked => IsChange(asked.Type)).DistinctBy(asked => asked.RequestId).Where(asked => !decided.Contains(asked.RequestId))
            .Select(asked => new Finding(
                "never-decided", $"{asked.RequestId} ({asked.Type} {asked.Vm}) was asked again and again, also when all was healed, and never decided", history.About(requestId: asked.RequestId)));
    }

    private static IEnumerable<Answered> Acknowledged(IReadOnlyList<HistoryEvent> history, string type) =>
        history.OfType<Answered>().Where(answer => answer.Type == type && answer.Code == 0 && answer.Vm is not null);
}
