using System.Collections.Immutable;

namespace Hydravisor.Libvirt.Native;

/// <summary>One kind of event of one connection. libvirt takes the same callback function only once per connection and kind
/// ("event callback already tracked"), so there is one native registration, made for the first handler and kept until the
/// connection is disposed, and the handlers are a list of ours.</summary>
/// <param name="connection">Whose events.</param>
/// <param name="eventId">Which kind, a <c>virDomainEventID</c>.</param>
/// <param name="callback">The function pointer whose signature fits the kind.</param>
/// <param name="faulted">Told what a handler threw.</param>
internal sealed class EventSource<TEvent>(ConnectionHandle connection, int eventId, nint callback, Action<Exception> faulted)
    : IDisposable
{
    private readonly Lock _registering = new();
    private ImmutableList<Action<TEvent>> _handlers = [];
    private int? _registration;
    private bool _disposed;

    public IDisposable Add(Action<TEvent> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        // A delegate of its own, so that the same handler can be added twice and removed once.
        Action<TEvent> own = happened => Faults.Guard(handler, happened, faulted);
        lock (_registering)
        {
            ObjectDisposedException.ThrowIf(_disposed, typeof(LibvirtConnection));
            _registration ??= Register();
            ImmutableInterlocked.Update(ref _handlers, static (handlers, added) => handlers.Add(added), own);
        }

        return new Subscription(this, own);
    }

    /// <summary>Ends the native registration, which holds a reference to the connection: before that is closed.</summary>
    public void Dispose()
    {
        lock (_registering)
        {
            _disposed = true;
            Volatile.Write(ref _handlers, []);
            if (_registration is { } number)
            {
                _registration = null;
                // Fails where the daemon is gone; libvirt lets go of the callback all the same.
                _ = EventImports.DeregisterDomainEvent(connection, number);
            }
        }
    }

    private unsafe int Register()
    {
        nint id = CallbackTable.Add<TEvent>(Deliver);
        try
        {
            return Checked.NotNegative(
                EventImports.RegisterDomainEvent(connection, 0, eventId, (void*)callback, id, CallbackTable.Free),
                "virConnectDomainEventRegisterAny");
        }
        catch
        {
            CallbackTable.Remove(id);
            throw;
        }
    }

    // On the loop's thread, without the lock: registering waits for the daemon while it holds that.
    private void Deliver(TEvent happened)
    {
        foreach (Action<TEvent> handler in Volatile.Read(ref _handlers))
        {
            handler(happened);
        }
    }

    private void Remove(Action<TEvent> handler) =>
        ImmutableInterlocked.Update(ref _handlers, static (handlers, gone) => handlers.Remove(gone), handler);

    private sealed class Subscription(EventSource<TEvent> source, Action<TEvent> handler) : IDisposable
    {
        public void Dispose() => source.Remove(handler);
    }
}
