namespace Hydravisor.Libvirt.Native;

/// <summary>The close callback of one connection. It holds a native reference to the connection, so it ends
/// before that.</summary>
internal sealed unsafe class CloseRegistration : IDisposable
{
    private readonly ConnectionHandle _connection;
    private readonly nint _id;
    private bool _ended;

    public CloseRegistration(ConnectionHandle connection, Action<ConnectionCloseReason> closed)
    {
        _connection = connection;
        _id = CallbackTable.Add(closed);
        if (EventImports.RegisterClose(connection, Callbacks.Closed, _id, CallbackTable.Free) < 0)
        {
            LibvirtException error = Checked.LastError("virConnectRegisterCloseCallback");
            CallbackTable.Remove(_id);
            throw error;
        }
    }

    public void Dispose()
    {
        if (!Interlocked.Exchange(ref _ended, true))
        {
            // Fails where the connection broke: libvirt has let go of the callback by itself then. Drivers inside the process
            // accept the callback, forget it and never free it.
            _ = EventImports.UnregisterClose(_connection, Callbacks.Closed);
            CallbackTable.Remove(_id);
        }
    }
}
