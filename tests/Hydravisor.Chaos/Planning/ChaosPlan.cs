namespace Hydravisor.Chaos.Planning;

/// <summary>What befalls a cluster in one run. Pure: the same seed makes the same plan.</summary>
/// <remarks>
/// Faults of nodes and links follow one another, so that never more than one node is away, but for a moment when all are killed at once. Beside them the database
/// goes and comes, and a libvirtd, and nodes are drained: what befalls one and what befalls the other overlap as chance has it.
/// </remarks>
internal sealed class ChaosPlan
{
    // A node counts as not reachable after 6 s, and is given up 10 s later (scripts/cluster): half of the faults end before the first, half outlast the second.
    private static readonly (int Min, int Max) Brief = (4, 9);
    private static readonly (int Min, int Max) Lasting = (18, 27);
    private static readonly (int Min, int Max) Rest = (7, 13);

    private static readonly FaultKind[] OfNodes =
    [
        FaultKind.KillNode, FaultKind.KillNode, FaultKind.PauseNode, FaultKind.PauseNode, FaultKind.CutLink, FaultKind.CutLinkOneWay, FaultKind.CutOff, FaultKind.Mute,
        FaultKind.CutOffAndKill, FaultKind.CutFromDatabase, FaultKind.MuteToDatabase, FaultKind.KillAllNodes,
    ];

    private ChaosPlan(int seed, IReadOnlyList<string> nodes, IReadOnlyList<Fault> faults) => (Seed, Nodes, Faults) = (seed, nodes, faults);

    /// <summary>What it was made of.</summary>
    public int Seed { get; }

    /// <summary>The names of the nodes.</summary>
    public IReadOnlyList<string> Nodes { get; }

    /// <summary>The faults, the first one first.</summary>
    public IReadOnlyList<Fault> Faults { get; }

    /// <summary>The calls of <c>scripts/cluster</c>, the first one first.</summary>
    public IReadOnlyList<Step> Steps => [.. Faults.SelectMany(fault => fault.Steps(Nodes)).OrderBy(step => step.At)];

    /// <summary>Makes one.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="time">How long it takes; all faults end within it.</param>
    /// <param name="nodes">How many nodes there are.</param>
    /// <param name="libvirt">Whether each has a libvirtd of its own.</param>
    /// <param name="drains">Whether nodes are drained meanwhile.</param>
    public static ChaosPlan Make(int seed, TimeSpan time, int nodes, bool libvirt, bool drains = false)
    {
        // A stream of chance for each, so that the one does not depend on how many draws the other made.
        var names = Enumerable.Range(1, nodes).Select(number => $"node-{number}").ToList();
        IEnumerable<Fault> faults = NodeFaults(new Random(seed), time, names).Concat(DatabaseFaults(new Random(seed + 1), time));
        if (libvirt)
        {
            faults = faults.Concat(LibvirtFaults(new Random(seed + 2), time, names));
        }

        if (drains)
        {
            faults = faults.Concat(Drains(new Random(seed + 3), time, names));
        }

        return new ChaosPlan(seed, names, [.. faults.OrderBy(fault => fault.At)]);
    }

    private static IEnumerable<Fault> NodeFaults(Random chance, TimeSpan time, List<string> names)
    {
        var kinds = new Queue<FaultKind>();
        var at = Seconds(chance, (4, 8));
        while (true)
        {
            if (kinds.Count == 0)
            {
                // Each in turn, in an order of its own: a short run has many kinds too.
                var shuffled = OfNodes.ToArray();
                chance.Shuffle(shuffled);
                kinds = new Queue<FaultKind>(shuffled);
            }

            var kind = kinds.Dequeue();
            var lasts = kind switch
            {
                FaultKind.KillAllNodes => TimeSpan.FromSeconds(1),
                FaultKind.CutOffAndKill => Seconds(chance, Lasting),
                _ => Seconds(chance, chance.Next(2) == 0 ? Brief : Lasting),
            };
            var pair = names.ToArray();
            chance.Shuffle(pair);
            var fault = new Fault(
                at, lasts, kind,
                kind == FaultKind.KillAllNodes ? "" : pair[0],
                kind is FaultKind.CutLink or FaultKind.CutLinkOneWay ? pair[^1] : "");
            if (fault.End > time)
            {
                yield break;
            }

            yield return fault;
            at = fault.End + Seconds(chance, Rest);
        }
    }

    private static IEnumerable<Fault> DatabaseFaults(Random chance, TimeSpan time)
    {
        for (var at = Seconds(chance, (8, 30)); ;)
        {
            var fault = new Fault(at, Seconds(chance, (2, 10)), chance.Next(2) == 0 ? FaultKind.KillDatabase : FaultKind.StopDatabase);
            if (fault.End > time)
            {
                yield break;
            }

            yield return fault;
            at = fault.End + Seconds(chance, (25, 50));
        }
    }

    private static IEnumerable<Fault> LibvirtFaults(Random chance, TimeSpan time, List<string> names)
    {
        for (var at = Seconds(chance, (5, 25)); ;)
        {
            var fault = new Fault(at, Seconds(chance, (1, 8)), FaultKind.KillLibvirt, names[chance.Next(names.Count)]);
            if (fault.End > time)
            {
                yield break;
            }

            yield return fault;
            at = fault.End + Seconds(chance, (15, 35));
        }
    }

    // Mostly one after the other, so that there is somewhere to go.
    private static IEnumerable<Fault> Drains(Random chance, TimeSpan time, List<string> names)
    {
        for (var at = Seconds(chance, (2, 10)); ;)
        {
            var fault = new Fault(at, Seconds(chance, (10, 30)), FaultKind.DrainNode, names[chance.Next(names.Count)]);
            if (fault.End > time)
            {
                yield break;
            }

            yield return fault;
            at = fault.End + Seconds(chance, (3, 12));
        }
    }

    private static TimeSpan Seconds(Random chance, (int Min, int Max) range) => TimeSpan.FromMilliseconds(chance.Next(range.Min * 1000, range.Max * 1000));
}
