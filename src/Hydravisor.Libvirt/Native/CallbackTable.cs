using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Hydravisor.Libvirt.Native;

/// <summary>What libvirt may call back, by the number that it carries for us. A number can be stale but never dangling: nothing
/// is pinned, and what is not in the table is not called.</summary>
internal static unsafe class CallbackTable
{
    private static readonly ConcurrentDictionary<nint, Delegate> Targets = new();
    private static long _lastId;

    /// <summary>Registrations that have not ended.</summary>
    public static int LiveCount => Targets.Count;

    /// <summary>Give this to libvirt as the free callback of every registration.</summary>
    public static delegate* unmanaged<nint, void> Free => &Freed;

    /// <summary>The target must let no exception out: its caller is native code.</summary>
    public static nint Add<TEvent>(Action<TEvent> target)
    {
        nint id = (nint)Interlocked.Increment(ref _lastId);
        Targets[id] = target;
        return id;
    }

    /// <summary>For registrations whose free callback libvirt never calls.</summary>
    public static void Remove(nint id) => Targets.TryRemove(id, out _);

    /// <summary>Calls the target behind the number, if it is still there.</summary>
    public static void Invoke<TEvent>(nint id, TEvent happened)
    {
        if (Targets.TryGetValue(id, out Delegate? target) && target is Action<TEvent> typed)
        {
            typed(happened);
        }
    }

    // libvirt must not be called from here: it is not re-entrant.
    [UnmanagedCallersOnly]
    private static void Freed(nint opaque) => Targets.TryRemove(opaque, out _);
}
