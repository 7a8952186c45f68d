using System.Runtime.InteropServices;
using Serilog;

namespace Hydravisor.Host.Serve;

/// <summary>
/// What people tell a node by signals: to end (SIGTERM, SIGINT), and to read its settings again (SIGHUP). Listens over all lives of the
/// node in its process, so that none of them ends the process in the moments when a life begins or has ended. Safe for all threads.
/// </summary>
internal sealed class NodeSignals : IDisposable
{
    // Never disposed: a handler that was called, and waited for those called before it, comes here after the end too.
    // It has no timer and no handle, so that there is nothing to give back.
    private readonly CancellationTokenSource _stop = new();
    private readonly PosixSignalRegistration[] _heard;
    private readonly Lock _gate = new();
    private Action? _reload;
    private bool _missed;

    /// <summary>Listens from now on.</summary>
    public NodeSignals() => _heard = Array.ConvertAll([PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGHUP], signal => PosixSignalRegistration.Create(signal, Hear));

    /// <summary>Cancelled as soon as somebody wants the node to end, and for good.</summary>
    public CancellationToken StopWanted => _stop.Token;

    /// <summary>Has something done on each SIGHUP until the answer is disposed of, and at once where one came while nobody was there for it.</summary>
    /// <param name="reload">What to do; it must not wait. One that is under way may be called once more while the answer is disposed of.</param>
    public IDisposable OnReload(Action reload)
    {
        bool missed;
        lock (_gate)
        {
            (_reload, missed, _missed) = (reload, _missed, false);
        }

        if (missed)
        {
            reload();
        }

        return new Reloading(this);
    }

    /// <summary>Hears no new signal. One that is under way may still come in, and does no harm.</summary>
    public void Dispose() => Array.ForEach(_heard, heard => heard.Dispose());

    /// <summary>A signal came: what it does is the node's, not the process's usual end.</summary>
    internal void Hear(PosixSignalContext signal)
    {
        signal.Cancel = true;
        if (signal.Signal is PosixSignal.SIGHUP)
        {
            Reload();
            return;
        }

        Log.Information("told to stop by {Signal}", signal.Signal);
        _stop.Cancel();
    }

    private void Reload()
    {
        Action? reload;
        lock (_gate)
        {
            reload = _reload;
            _missed |= reload is null;
        }

        reload?.Invoke();
    }

    private sealed class Reloading(NodeSignals signals) : IDisposable
    {
        public void Dispose()
        {
            lock (signals._gate)
            {
                signals._reload = null;
            }
        }
    }
}
