using System.Globalization;

namespace Hydravisor.Chaos.Planning;

/// <summary>One thing that befalls the cluster.</summary>
/// <param name="At">When, since the run began.</param>
/// <param name="For">How long.</param>
/// <param name="Kind">What.</param>
/// <param name="Node">Whom; empty: it is no node's.</param>
/// <param name="Other">The other end of a link.</param>
internal sealed record Fault(TimeSpan At, TimeSpan For, FaultKind Kind, string Node = "", string Other = "")
{
    /// <summary>When all is as it was.</summary>
    public TimeSpan End => At + For;

    /// <summary>Whether a node does less than it should, or cannot be reached, while it lasts.</summary>
    public bool OfANode => Kind is not (FaultKind.KillDatabase or FaultKind.StopDatabase or FaultKind.KillLibvirt or FaultKind.DrainNode);

    /// <summary>What <c>scripts/cluster</c> is called with, and when.</summary>
    /// <param name="nodes">The names of all nodes.</param>
    public IReadOnlyList<Step> Steps(IReadOnlyList<string> nodes)
    {
        var others = nodes.Where(node => node != Node).ToList();
        return Kind switch
        {
            FaultKind.KillNode => [new(At, "kill", Node), new(End, "start", Node)],
            FaultKind.PauseNode => [new(At, "pause", Node), new(End, "continue", Node)],
            FaultKind.CutLink => [new(At, "cut", Node, Other), Healing],
            FaultKind.CutLinkOneWay => [new(At, "cut", Node, Other, "--one-way"), Healing],
            FaultKind.CutOff => [.. others.Select(other => new Step(At, "cut", Node, other)), Healing],
            FaultKind.Mute => [.. others.Select(other => new Step(At, "cut", Node, other, "--one-way")), Healing],
            FaultKind.CutOffAndKill =>
            [
                .. others.Select(other => new Step(At, "cut", Node, other)),
                new(At + (For / 4), "kill", Node), new(At + (For / 3), "start", Node), Healing,
            ],
            FaultKind.CutFromDatabase => [new(At, "cut", Node, "db"), Healing],
            FaultKind.MuteToDatabase => [new(At, "cut", Node, "db", "--one-way"), Healing],
            FaultKind.KillAllNodes => [.. nodes.Select(node => new Step(At, "kill", node)), .. nodes.Select(node => new Step(End, "start", node))],
            FaultKind.KillDatabase => [new(At, "database", "kill"), new(End, "database", "start")],
            FaultKind.StopDatabase => [new(At, "database", "stop"), new(End, "database", "start")],
            FaultKind.KillLibvirt => [new(At, "libvirt", Node, "kill"), new(End, "libvirt", Node, "start")],
            FaultKind.DrainNode => [new(At, Step.Drain, Node), new(End, Step.Resume, Node)],
            _ => throw new InvalidOperationException($"{Kind} has no steps."),
        };
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{At:mm\\:ss}-{End:mm\\:ss} {Kind}{(Node.Length == 0 ? "" : " " + Node)}{(Other.Length == 0 ? "" : " " + Other)}");

    // Faults of links follow one another, so that one heals nothing of another.
    private Step Healing => new(End, "heal");
}

/// <summary>One call of <c>scripts/cluster</c>, or of a verb of the product.</summary>
/// <param name="At">When, since the run began.</param>
/// <param name="Words">Its arguments; a verb's begin with <see cref="Drain"/> or <see cref="Resume"/>.</param>
internal sealed record Step(TimeSpan At, params string[] Words)
{
    /// <summary>Has a node drained.</summary>
    public const string Drain = "node drain";

    /// <summary>Has a node take VMs again.</summary>
    public const string Resume = "node resume";
}
