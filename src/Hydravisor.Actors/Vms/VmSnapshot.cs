namespace Hydravisor.Actors.Vms;

/// <summary>A VM's state at one event, so that recovery need not read all before it. The events stay: they are the evidence.</summary>
/// <param name="State">The state.</param>
/// <param name="Head">The hash of the last event that it holds.</param>
internal sealed record VmSnapshot(VmState State, string Head);
