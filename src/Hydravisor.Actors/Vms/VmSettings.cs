namespace Hydravisor.Actors.Vms;

/// <summary>How long a VM waits for its guest. Read from <c>hydravisor.vm</c>.</summary>
/// <param name="BootTimeout">How long a guest may take to show life.</param>
/// <param name="StopGrace">How long a guest that was asked to power off may take.</param>
/// <param name="RebootGrace">How long a guest that was asked to reboot may take.</param>
/// <param name="AskAgain">After how long within that time a guest that did not follow is asked again.</param>
/// <param name="RetryDelay">After how long a destroy or removal that failed is tried again.</param>
/// <param name="SnapshotEvery">After how many events a snapshot is stored.</param>
internal sealed record VmSettings(
    TimeSpan BootTimeout, TimeSpan StopGrace, TimeSpan RebootGrace, TimeSpan AskAgain, TimeSpan RetryDelay, int SnapshotEvery);
