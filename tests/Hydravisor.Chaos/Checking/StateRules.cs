using Hydravisor.Chaos.Histories;

namespace Hydravisor.Chaos.Checking;

/// <summary>What was shown once is not taken back, and no list shows too much or too little.</summary>
internal static class StateRules
{
    /// <summary>All that must not be.</summary>
    public static IEnumerable<Finding> Find(IReadOnlyList<HistoryEvent> history, FinalState final) =>
        [.. history.GroupBy(one => one.Connection).SelectMany(connection => Backwards([.. connection])), .. Lists(history), .. Movers(history, final)];

    // An answer shows no less than was shown before it was asked for. Answers and broadcasts go by ways of their own and may overtake each other, but among broadcasts none goes back.
    private static IEnumerable<Finding> Backwards(IReadOnlyList<HistoryEvent> connection)
    {
        var (shown, heard) = (new Dictionary<string, SeenState>(), new Dictionary<string, SeenState>());
        var asked = new Dictionary<string, Dictionary<string, SeenState>>();
        foreach (var one in connection)
        {
            switch (one)
            {
                case Asked question:
                    asked[question.RequestId] = new Dictionary<string, SeenState>(shown);
                    break;
                case Answered answer:
                    var floor = asked.GetValueOrDefault(answer.RequestId, []);
                    foreach (var state in answer.States)
                    {
                        if (IsBehind(state, floor))
                        {
                            yield return Found(connection, state, floor[state.Vm], $"the answer to {answer.RequestId} ({answer.Type})");
                        }

                        Raise(shown, state);
                    }

                    if (answer is { Vm: { } vm, Incarnation: { } incarnation, Code: 0, States: [] } && floor.TryGetValue(vm, out var known) && incarnation < known.Incarnation)
                    {
                        yield return Found(connection, known with { Incarnation = incarnation }, known, $"the answer to {answer.RequestId} ({answer.Type})");
                    }

                    break;
                case Heard { State: var broadcast }:
                    if (IsBehind(broadcast, heard))
                    {
                        yield return Found(connection, broadcast, heard[broadcast.Vm], "a broadcast");
                    }

                    Raise(heard, broadcast);
                    Raise(shown, broadcast);
                    break;
            }
        }
    }

    private static IEnumerable<Finding> Lists(IReadOnlyList<HistoryEvent> history)
    {
        var doomed = history.OfType<Asked>().Where(asked => asked.Type == "vm/delete").GroupBy(asked => asked.Vm!).ToDictionary(vm => vm.Key, vm => vm.Min(asked => asked.At));
        var created = history.OfType<Answered>().Where(answer => answer is { Type: "vm/create", Code: 0, Vm: not null }).ToList();
        var asked = history.OfType<Asked>().Where(question => question.Type == "vm/list").ToDictionary(question => (question.Connection, question.RequestId));
        foreach (var list in history.OfType<Answered>().Where(answer => answer is { Type: "vm/list", Code: 0 }))
        {
            foreach (var twice in list.States.GroupBy(state => state.Vm).Where(vm => vm.Skip(1).Any()))
            {
                yield return new Finding("vm-twice", $"{twice.Key} is twice in one list", [.. history.About(twice.Key), list]);
            }

            var began = asked[(list.Connection, list.RequestId)].At;
            var there = list.States.Select(state => state.Vm).ToHashSet();
            foreach (var missing in created.Where(create => create.At < began && !there.Contains(create.Vm!) && !(doomed.TryGetValue(create.Vm!, out var end) && end < list.At)).DistinctBy(create => create.Vm))
            {
                yield return new Finding(
                    "not-in-list", $"{missing.Vm} was acknowledged before {list.RequestId} was asked at {list.Node}, nobody had asked to delete it, and the list is without it",
                    [.. history.About(missing.Vm, missing.RequestId), list with { States = [] }]);
            }
        }
    }

    // A VM is on the nodes that had it, by what was stored, and on no other.
    private static IEnumerable<Finding> Movers(IReadOnlyList<HistoryEvent> history, FinalState final) =>
        from shown in history.SelectMany(one => (one switch { Answered answer => answer.States, Heard heard => [heard.State], _ => [] }).Select(state => (state.Vm, state.Node, one)))
        group shown by shown.Vm into vm
        where vm.Select(shown => shown.Node).Distinct().Skip(1).Any() && !(final.Moved.Contains(vm.Key) && vm.All(shown => final.Lives[vm.Key].Any(row => row.Node == shown.Node)))
        select new Finding("vm-on-two-nodes", $"{vm.Key} was shown on {string.Join(" and ", vm.Select(shown => shown.Node).Distinct())}", [.. vm.DistinctBy(shown => shown.Node).Select(shown => shown.one)]);

    private static bool IsBehind(SeenState state, Dictionary<string, SeenState> floor) =>
        floor.TryGetValue(state.Vm, out var known) && (state.Revision < known.Revision || state.Incarnation < known.Incarnation);

    private static void Raise(Dictionary<string, SeenState> floor, SeenState state)
    {
        if (!floor.TryGetValue(state.Vm, out var known) || state.Revision > known.Revision)
        {
            floor[state.Vm] = state;
        }
    }

    private static Finding Found(IReadOnlyList<HistoryEvent> connection, SeenState state, SeenState known, string where) => new(
        "went-backwards",
        $"{where} shows {state.Vm} {state.State} in incarnation {state.Incarnation}, revision {state.Revision}, after it was shown {known.State} in incarnation {known.Incarnation}, revision {known.Revision}, on the same connection",
        [.. connection.Where(one => one is Heard heard && heard.State.Vm == state.Vm || one is Asked asked && asked.Vm == state.Vm || one is Answered answer && answer.States.Any(each => each.Vm == state.Vm))
            .Select(one => one is Answered answer ? answer with { States = [.. answer.States.Where(each => each.Vm == state.Vm)] } : one)]);
}
