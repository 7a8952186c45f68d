namespace Hydravisor.Actors.Recordings;

/// <summary>What a recording is made of. Immutable.</summary>
/// <param name="Node">The node's name.</param>
/// <param name="Title">For a person: the VM's name.</param>
/// <param name="Cols">Width of the terminal in columns when the recording begins; a recording that goes on keeps the size it had.</param>
/// <param name="Rows">Height in rows.</param>
/// <param name="ConsolePath">The file into which the hypervisor writes what the serial console shows; it is turned over (<c>GuestLogs</c>).</param>
/// <param name="TypedLogPath">The file into which script(1) (<c>--log-in</c>) writes what was typed into the terminal session; null: there is none.</param>
/// <param name="TypedLogHoldsInput">Whether what is announced by <c>InputAsync</c> passes through that script(1) too, so that it stands in its file a second time.</param>
internal sealed record RecordingStart(
    string Node, string Title, int Cols, int Rows, string ConsolePath, string? TypedLogPath, bool TypedLogHoldsInput = false);
