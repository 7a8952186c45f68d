using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Audit;

/// <summary>A VM of one agent as a journal tells.</summary>
/// <param name="State">How it is now.</param>
/// <param name="Sequence">The number of its last event.</param>
/// <param name="Before">The phase in which it was at the time that counts; null: it was not there yet.</param>
internal sealed record OwnedVm(VmState State, long Sequence, VmPhase? Before)
{
    /// <summary>Whether nothing runs in it, nor is about to.</summary>
    public bool StandsStill => State is { Operation: null, Phase: VmPhase.Suspended or VmPhase.Stopped or VmPhase.Failed } or { Exists: false };
}
