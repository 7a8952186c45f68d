namespace Hydravisor.Actors.Logs;

/// <summary>What happened to a VM, for its log.</summary>
/// <param name="Number">The sequence number of the event in the VM's journal: a line whose number is not above the last stored one is old news.</param>
/// <param name="Time">When.</param>
/// <param name="Text">For a person; one line.</param>
internal readonly record struct LifecycleLine(long Number, DateTimeOffset Time, string Text);
