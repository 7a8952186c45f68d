using System.Runtime.InteropServices;
using Serilog;

namespace Hydravisor.Host.Serve;

/// <summary>Whether somebody wants the process to end, by SIGTERM or SIGINT. Safe for all threads.</summary>
internal sealed class StopSignals : IDisposable
{
    // Never disposed: a handler that was called, and waited for those called before it, comes here after the end too.
    // It has no timer and no handle, so that there is nothing to give back.
    private readonly CancellationTokenSource _stop = new();
    private readonly PosixSignalRegistration[] _heard;

    /// <summary>Listens from now on.</summary>
    public StopSignals() => _heard = [PosixSignalRegistration.Create(PosixSignal.SIGTERM, Hear), PosixSignalRegistration.Create(PosixSignal.SIGINT, Hear)];

    /// <summary>Cancelled as soon as somebody wants it, and for good.</summary>
    public CancellationToken Wanted => _stop.Token;

    /// <summary>Hears no new signal. One that is under way may still come in, and does no harm.</summary>
    public void Dispose() => Array.ForEach(_heard, heard => heard.Dispose());

    /// <summary>A signal: it ends the node, not the process under it.</summary>
    internal void Hear(PosixSignalContext signal)
    {
        signal.Cancel = true;
        Log.Information("told to stop by {Signal}", signal.Signal);
        _stop.Cancel();
    }
}
