using Hydravisor.Chaos.Histories;

namespace Hydravisor.Chaos.Checking;

/// <summary>Each stream of the journal has one writer at a time and no holes, and what was acknowledged stands in it, in the order in which it was.</summary>
internal static class JournalRules
{
    private static readonly Dictionary<string, string[]> Events = new()
    {
        ["vm/create"] = ["vm.created.v1"],
        ["vm/delete"] = ["vm.delete-accepted.v1"],
        ["vm/start"] = ["vm.boot-begun.v1", "vm.created.v1"],
        ["vm/stop"] = ["vm.stop-accepted.v1", "vm.escalated.v1"],
        ["vm/suspend"] = ["vm.suspend-accepted.v1"],
        ["vm/resume"] = ["vm.resume-accepted.v1"],
        ["vm/reboot"] = ["vm.reboot-accepted.v1"],
    };

    /// <summary>All that must not be.</summary>
    public static IEnumerable<Finding> Find(IReadOnlyList<HistoryEvent> history, FinalState final) =>
    [
        .. final.Journal.GroupBy(row => row.Stream).SelectMany(stream => Whole([.. stream.OrderBy(row => row.Number)])),
        .. OneStream(history, final), .. Placed(final), .. OneCreation(history, final), .. Held(history, final),
    ];

    private static IEnumerable<Finding> Whole(IReadOnlyList<StoredRow> stream)
    {
        var name = stream[0].Stream;
        var (writers, stored) = (new HashSet<string>(), 0L);
        for (var index = 0; index < stream.Count; index++)
        {
            var row = stream[index];
            if (row.Number != index + 1)
            {
                yield return new Finding("journal-hole", $"{name} has {row.Number} where {index + 1} was to be", []);
                yield break;
            }

            if (row.Stored <= stored)
            {
                yield return new Finding("journal-order", $"{name}, {row.Number} was stored before what stands before it", []);
            }

            stored = row.Stored;
            if (index > 0 && stream[index - 1].Writer == row.Writer)
            {
                continue;
            }

            // Each life of an actor writes under a mark of its own: one that comes again after another was never over.
            if (!writers.Add(row.Writer))
            {
                yield return new Finding("two-writers", $"{name}: {row.Number} is by {row.Writer}, after {row.Number - 1} by {stream[index - 1].Writer}, who wrote after it had begun", []);
            }
        }
    }

    // Another node goes on with a VM where the one before released it, and nowhere else.
    private static IEnumerable<Finding> OneStream(IReadOnlyList<HistoryEvent> history, FinalState final) =>
        from vm in final.Lives
        from step in vm.Zip(vm.Skip(1))
        where step.First.Stream != step.Second.Stream && (step.First.Manifest, step.Second.Manifest) != (StoredRow.Released, StoredRow.Adopted)
        select new Finding(
            "vm-in-two-streams",
            $"{vm.Key} is in {step.First.Stream}, to {step.First.Number} ({step.First.Manifest}), and goes on in {step.Second.Stream} with {step.Second.Number} ({step.Second.Manifest})", history.About(vm.Key));

    private static IEnumerable<Finding> Placed(FinalState final)
    {
        var places = final.Places.ToDictionary(place => place.Vm);
        foreach (var last in final.Lives.Select(vm => vm.Last()))
        {
            var deleted = last.Manifest == "vm.deleted.v1";
            if (!places.TryGetValue(last.Vm!, out var place))
            {
                yield return new Finding("no-place", $"{last.Stream} is in the journal and its VM is not in hydravisor_vm", []);
            }
            else if (place.Node != last.Node || place.State != (deleted ? "deleted" : "there"))
            {
                yield return new Finding("wrong-place", $"{last.Stream} ends with {last.Manifest}, and hydravisor_vm says {place.State} on {place.Node}", []);
            }
        }

        foreach (var place in final.Places.Where(place => final.Lives[place.Vm].All(row => row.Node != place.Node)))
        {
            yield return new Finding("place-without-vm", $"hydravisor_vm says that {place.Vm} is {place.State} on {place.Node}, and the journal has nothing of it", []);
        }
    }

    private static IEnumerable<Finding> OneCreation(IReadOnlyList<HistoryEvent> history, FinalState final) =>
        final.Journal.Where(row => row is { Manifest: "vm.created.v1", RequestId: not null }).GroupBy(row => row.RequestId).Where(request => request.Skip(1).Any())
            .Select(request => new Finding(
                "one-request-two-vms", $"{request.Key} created {string.Join(" and ", request.Select(row => row.Stream))}", history.About(requestId: request.Key)));

    private static IEnumerable<Finding> Held(IReadOnlyList<HistoryEvent> history, FinalState final)
    {
        var first = history.OfType<Asked>().GroupBy(asked => asked.RequestId).ToDictionary(request => request.Key, request => request.Min(asked => asked.At));
        var last = new Dictionary<string, (Answered Answer, long Stored)>();
        foreach (var held in history.OfType<Answered>().Where(answer => answer is { Code: 0, Vm: not null } && Events.ContainsKey(answer.Type)))
        {
            var stream = final.Lives[held.Vm!].ToList();
            var own = stream.Where(row => row.RequestId == held.RequestId && Events[held.Type].Contains(row.Manifest)).ToList();
            if (own.Count == 0)
            {
                // While the same is still being carried out, a request is acknowledged by that.
                if (!stream.Exists(row => Events[held.Type].Contains(row.Manifest)))
                {
                    yield return new Finding("acknowledged-and-not-stored", $"{held.RequestId} ({held.Type} {held.Vm}) was acknowledged, and the journal has nothing of it", history.About(held.Vm, held.RequestId));
                }

                continue;
            }

            if (last.TryGetValue(held.Vm!, out var before) && before.Answer.RequestId != held.RequestId && before.Answer.At < first[held.RequestId] && own[^1].Stored < before.Stored)
            {
                yield return new Finding(
                    "stored-in-other-order", $"{held.RequestId} ({held.Type}) was asked after {before.Answer.RequestId} ({before.Answer.Type}) was acknowledged, and is stored before it", history.About(held.Vm));
            }

            last[held.Vm!] = (held, own[0].Stored);
        }
    }
}
