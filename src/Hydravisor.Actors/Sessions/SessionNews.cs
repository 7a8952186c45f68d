using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Sessions;

/// <summary>Tells what is news to a session from what the link to a lost node held back until it was whole again. Not thread-safe: the session's own.</summary>
/// <remarks>
/// That a VM is unreachable is said by another than its node, with the revision that the store has; what its node said before comes
/// behind it. Of a VM that was never lost all comes from one place in order, so that none of those need be remembered.
/// </remarks>
internal sealed class SessionNews
{
    private readonly Dictionary<InstanceId, long> _revisions = [];

    /// <summary>Takes a change.</summary>
    /// <returns>False: something later was told already.</returns>
    public bool Take(VmView view)
    {
        var wasLost = _revisions.TryGetValue(view.Id, out var told);
        if (wasLost && view.Revision < told)
        {
            return false;
        }

        if (wasLost || view.Phase is VmPhase.Unreachable)
        {
            _revisions[view.Id] = view.Revision;
        }

        return true;
    }
}
