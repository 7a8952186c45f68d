using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;

namespace Hydravisor.Protocol;

/// <summary>
/// Where a VM is in its life; on the wire the name in lowercase.
/// <c>provisioning → booting → running ⇄ suspended</c>, <c>running → stopping → stopped → booting</c>, any
/// <c>→ deleting → deleted</c>, any <c>→ failed</c>, and <c>unreachable</c> while the VM's node is.
/// </summary>
public enum VmPhase
{
    /// <summary>The request is durable; disk and domain are being made.</summary>
    Provisioning,

    /// <summary>The domain runs; the guest has not shown life yet.</summary>
    Booting,

    /// <summary>The guest has shown life.</summary>
    Running,

    /// <summary>The guest's processors stand still; its memory is kept.</summary>
    Suspended,

    /// <summary>The guest was asked to shut down.</summary>
    Stopping,

    /// <summary>Powered off; the disk is kept.</summary>
    Stopped,

    /// <summary>Being removed.</summary>
    Deleting,

    /// <summary>Gone: domain, disk and terminal session.</summary>
    Deleted,

    /// <summary>Something broke; the state bears a reason.</summary>
    Failed,

    /// <summary>The VM's node does not answer.</summary>
    Unreachable,
}

/// <summary>The names of phases on the wire.</summary>
public static class VmPhaseNames
{
    private static readonly string[] Names =
        Enum.GetNames<VmPhase>().Select(name => name.ToLowerInvariant()).ToArray();

    private static readonly FrozenDictionary<string, VmPhase> Phases =
        Enum.GetValues<VmPhase>().ToFrozenDictionary(phase => Names[(int)phase], StringComparer.Ordinal);

    /// <summary>All names, in the order of <see cref="VmPhase"/>.</summary>
    public static IReadOnlyList<string> All => Names;

    /// <summary>The name on the wire, such as <c>running</c>.</summary>
    public static string ToWireName(this VmPhase phase) => Names[(int)phase];

    /// <summary>The phase of a name on the wire; <see langword="false"/> if there is none.</summary>
    public static bool TryParse([NotNullWhen(true)] string? name, out VmPhase phase)
    {
        phase = default;
        return name is not null && Phases.TryGetValue(name, out phase);
    }
}
