using Hydravisor.Protocol;

namespace Hydravisor.Actors.Access;

/// <summary>What an agent may do in a role, as it stands in the file. Immutable.</summary>
internal sealed record PolicyRole
{
    /// <summary>Everything, for tests and whoever has no file.</summary>
    public static PolicyRole Trusted { get; } = new()
    {
        Name = "trusted",
        Allow = [MessagePattern.All],
        Terminal = [TerminalRole.Operator, TerminalRole.Auditor],
        Vms = [new VmSelector.All()],
    };

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>The messages it may send.</summary>
    public IReadOnlyList<MessagePattern> Allow { get; init; } = [];

    /// <summary>The messages it may not send, whatever allows them.</summary>
    public IReadOnlyList<MessagePattern> Deny { get; init; } = [];

    /// <summary>What it may be at a terminal.</summary>
    public IReadOnlyList<TerminalRole> Terminal { get; init; } = [];

    /// <summary>The VMs it may touch.</summary>
    public IReadOnlyList<VmSelector> Vms { get; init; } = [new VmSelector.Own()];

    /// <summary>Whether every command in it is audited, also one that only reads.</summary>
    public bool Audited { get; init; }

    /// <summary>Whether the VMs made in it are recorded, whatever those who make them ask for.</summary>
    public bool Recorded { get; init; }

    /// <summary>The most that an agent may have in it.</summary>
    public RoleLimits Limits { get; init; } = RoleLimits.None;
}
