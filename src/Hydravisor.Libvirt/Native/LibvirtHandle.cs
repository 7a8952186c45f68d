using System.Runtime.InteropServices;

namespace Hydravisor.Libvirt.Native;

/// <summary>One reference to a native libvirt object.</summary>
internal abstract class LibvirtHandle : SafeHandle
{
    private bool _counted;
    private bool _finalizing;

    protected LibvirtHandle()
        : base(0, ownsHandle: true)
    {
    }

    public override bool IsInvalid => handle == 0;

    /// <summary>Adds a valid handle to the count of live ones. Not in the constructor: the import makes the object before it
    /// knows whether the call succeeds.</summary>
    public void Count()
    {
        _counted = true;
        AddToLive(1);
    }

    protected abstract void AddToLive(int change);

    protected abstract void Free(nint reference);

    protected override void Dispose(bool disposing)
    {
        _finalizing = !disposing;
        base.Dispose(disposing);
    }

    protected override bool ReleaseHandle()
    {
        if (_counted)
        {
            AddToLive(-1);
        }

        nint reference = handle;
        if (_finalizing)
        {
            // The last reference closes the connection, which talks to the daemon: not on the finaliser's thread.
            ThreadPool.UnsafeQueueUserWorkItem(static state => state.self.Free(state.reference), (self: this, reference), false);
            return true;
        }

        // Freeing resets the thread's last error. When a call fails while its handle is disposed elsewhere, the release happens
        // between that call and the reading of its error.
        nint saved = ErrorImports.SaveLastError();
        Free(reference);
        if (saved != 0)
        {
            _ = ErrorImports.SetError(saved);
            ErrorImports.FreeError(saved);
        }

        return true;
    }
}
