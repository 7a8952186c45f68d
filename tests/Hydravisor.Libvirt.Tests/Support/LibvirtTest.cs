using System.Runtime.Versioning;

[assembly: SupportedOSPlatform("linux")]
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace Hydravisor.Libvirt.Tests.Support;

/// <summary>Every test of this assembly ends with as many native references and callbacks as it began with. (The count is of the
/// process, hence one test at a time.)</summary>
public abstract class LibvirtTest : IAsyncLifetime
{
    private readonly Stack<IDisposable> _owned = new();
    private LiveHandles _before;

    public Task InitializeAsync()
    {
        _before = LibvirtHandles.Live;
        return Task.CompletedTask;
    }

    public Task DisposeAsync()
    {
        List<Exception> failures = [];
        while (_owned.TryPop(out IDisposable? owned))
        {
            try
            {
                owned.Dispose();
            }
            catch (Exception error)
            {
                failures.Add(error);
            }
        }

        // libvirt lets go of a callback a moment later where the loop is just dispatching.
        SpinWait.SpinUntil(() => LibvirtHandles.Live == _before, Limits.Patience);
        Assert.Empty(failures);
        Assert.Equal(_before, LibvirtHandles.Live);
        return Task.CompletedTask;
    }

    /// <summary>Disposed after the test however it ends, in reverse order.</summary>
    protected T Own<T>(T owned)
        where T : IDisposable
    {
        _owned.Push(owned);
        return owned;
    }
}
