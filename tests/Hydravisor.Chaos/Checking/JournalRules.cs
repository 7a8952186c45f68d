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
    public static IEnumerable<Finding> Find(IReadOnlyList<HistoryEvent> history, FinalState final)
    {
        var streams = final.Journal.GroupBy(row => row.Stream).ToDictionary(stream => stream.Key, stream => (IReadOnlyList<StoredRow>)[.. stream.OrderBy(row => row.Number)]);
        return [.. streams.Values.SelectMany(Whole), .. OneStream(history, streams), .. Placed(final, streams), .. OneCreation(history, final), .. Held(history, streams)];
    }

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

    private static IEnumerable<Finding> OneStream(IReadOnlyList<HistoryEvent> history, Dictionary<string, IReadOnlyList<StoredRow>> streams) =>
        streams.Values.Where(stream => stream[0].Vm is not null).GroupBy(stream => stream[0].Vm).Where(vm => vm.Skip(1).Any())
            .Select(vm => new Finding("vm-in-two-streams", $"{vm.Key} is in {string.Join(" and ", vm.Select(stream => stream[0].Stream))}", history.About(vm.Key)));

    private static IEnumerable<Finding> Placed(FinalState final, Dictionary<string, IReadOnlyList<StoredRow>> streams)
    {
        var places = final.Places.ToDictionary(place => place.Vm);
        foreach (var stream in streams.Values.Where(stream => stream[0].Vm is not null))
        {
            var deleted = stream[^1].Manifest == "vm.deleted.v1";
            if (!places.TryGetValue(stream[0].Vm!, out var place))
            {
                yield return new Finding("no-place", $"{stream[0].Stream} is in the journal and its VM is not in hydravisor_vm", []);
            }
            else if (place.Node != stream[0].Node || place.State != (deleted ? "deleted" : "there"))
            {
                yield return new Finding("wrong-place", $"{stream[0].Stream} ends with {stream[^1].Manifest}, and hydravisor_vm says {place.State} on {place.Node}", []);
            }
        }

        foreach (var place in final.Places.Where(place => !streams.ContainsKey($"vm|{place.Node}|{place.Vm}")))
        {
            yield return new Finding("place-without-vm", $"hydravisor_vm says that {place.Vm} is {place.State} on {place.Node}, and the journal has nothing of it", []);
        }
    }

    private static IEnumerable<Finding> OneCreation(IReadOnlyList<HistoryEvent> history, FinalState final) =>
        final.Journal.Where(row => row is { Manifest: "vm.created.v1", RequestId: not null }).GroupBy(row => row.RequestId).Where(request => request.Skip(1).Any())
            .Select(request => new Finding(
                "one-request-two-vms", $"{request.Key} created {string.Join(" and ", request.Select(row => row.Stream))}", history.About(requestId: request.Key)));

    private static IEnumerable<Finding> Held(IReadOnlyList<HistoryEvent> history, Dictionary<string, IReadOnlyList<StoredRow>> streams)
    {
        var first = history.OfType<Asked>().GroupBy(asked => asked.RequestId).ToDictionary(request => request.Key, request => request.Min(asked => asked.At));
        var byVm = streams.Values.Where(stream => stream[0].Vm is not null).ToLookup(stream => stream[0].Vm!);
        var last = new Dictionary<string, (Answered Answer, long Number)>();
        foreach (var held in history.OfType<Answered>().Where(answer => answer is { Code: 0, Vm: not null } && Events.ContainsKey(answer.Type)))
        {
            var stream = byVm[held.Vm!].SelectMany(rows => rows).ToList();
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

            if (last.TryGetValue(held.Vm!, out var before) && before.Answer.RequestId != held.RequestId && before.Answer.At < first[held.RequestId] && own[^1].Number < before.Number)
            {
                yield return new Finding(
                    "stored-in-other-order", $"{held.RequestId} ({held.Type}) was asked after {before.Answer.RequestId} ({before.Answer.Type}) was acknowledged, and is stored before it", history.About(held.Vm));
            }

            last[held.Vm!] = (held, own[0].Number);
        }
    }
}
