namespace Hydravisor.Actors.Access;

/// <summary>Who asks, and which VMs he may touch: goes with each message to a VM, which alone knows whose it is. Immutable.</summary>
/// <param name="Principal">Who asks.</param>
/// <param name="Scope">The VMs.</param>
internal sealed record VmReach(Principal Principal, VmScope Scope)
{
    /// <summary>Whether the VM is among them. To whom it is not, it is not there.</summary>
    public bool Covers(VmFacts vm) => Scope.Covers(Principal, vm);
}
