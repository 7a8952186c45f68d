namespace Hydravisor.Actors.Audit.Checkpoints;

/// <summary>When checkpoints are made and who keeps a copy. Read from <c>hydravisor.audit.checkpoints</c>.</summary>
/// <param name="EveryEvents">After so many events.</param>
/// <param name="EveryTime">After so long, where there is any event.</param>
/// <param name="Witness">Who keeps a copy: <c>file:PATH</c>, <c>syslog:</c>, an http or https URL; empty: nobody.</param>
internal sealed record CheckpointSettings(int EveryEvents, TimeSpan EveryTime, string Witness);
