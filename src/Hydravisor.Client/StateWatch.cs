using Hydravisor.Protocol;

namespace Hydravisor.Client;

/// <summary>
/// Somebody waits until a VM is in some state. News come from replies and broadcasts in any order; a message older than one
/// that was seen is not news.
/// </summary>
internal sealed class StateWatch(string instanceId, Func<VmStateMessage, bool> predicate)
{
    private readonly TaskCompletionSource<VmStateMessage> _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private long _revision = long.MinValue;

    public Task<VmStateMessage> Reached => _reached.Task;

    public void Offer(VmStateMessage state)
    {
        if (state.InstanceId != instanceId)
        {
            return;
        }

        lock (_lock)
        {
            if (state.Revision < _revision)
            {
                return;
            }

            _revision = state.Revision;
            try
            {
                if (predicate(state))
                {
                    _reached.TrySetResult(state);
                }
            }
#pragma warning disable CA1031 // The caller's own fault goes back to the caller, and not into the reading of the connection.
            catch (Exception fault)
#pragma warning restore CA1031
            {
                _reached.TrySetException(fault);
            }
        }
    }

    public void Fail(Exception reason) => _reached.TrySetException(reason);
}
