namespace Hydravisor.Actors.Access;

/// <summary>The VMs that a principal may touch, as data. Immutable.</summary>
internal sealed class VmScope
{
    private readonly string[] _ruleIds;

    /// <summary>Makes a scope.</summary>
    /// <param name="id">The place of the list in the file, such as <c>roles.sandboxed.vms</c>.</param>
    /// <param name="selectors">The list; what none of them names is not covered.</param>
    public VmScope(string id, IReadOnlyList<VmSelector> selectors)
    {
        Id = id;
        Selectors = selectors;
        _ruleIds = RuleIds.Of(id, selectors.Count);
    }

    /// <summary>The scope of who has no role: no VM.</summary>
    public static VmScope Nothing { get; } = new(Decision.DefaultDeny, []);

    /// <summary>The place of the list in the file.</summary>
    public string Id { get; }

    /// <summary>The list.</summary>
    public IReadOnlyList<VmSelector> Selectors { get; }

    /// <summary>Whether every VM is in it.</summary>
    public bool CoversAll => Selectors.Any(selector => selector is VmSelector.All);

    /// <summary>Whether the VM is in it.</summary>
    public bool Covers(Principal principal, VmFacts vm) => RuleFor(principal, vm) is not null;

    /// <summary>The id of the first rule that covers the VM, such as <c>roles.sandboxed.vms[0]</c>; null where none does.</summary>
    public string? RuleFor(Principal principal, VmFacts vm)
    {
        for (var at = 0; at < Selectors.Count; at++)
        {
            if (Selectors[at].Covers(principal, vm))
            {
                return _ruleIds[at];
            }
        }

        return null;
    }
}
