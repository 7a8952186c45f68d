using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Sessions;

/// <summary>Tells what is news to a session from what is older than what it was told. Not thread-safe: the session's own.</summary>
/// <remarks>
/// A VM's node tells of it in order. That it is unreachable, and how it is when its node is back, is told by another, with the
/// revision that this one knew; what the link to the node held back comes behind that, however late, and what the node says
/// since it is back may come before. So that of VMs that were unreachable all revisions are remembered, and of others those told last.
/// </remarks>
internal sealed class SessionNews
{
    private const int RecentMax = 1024;

    private readonly Dictionary<InstanceId, long> _lost = [];
    private Dictionary<InstanceId, long> _recent = [];
    private Dictionary<InstanceId, long> _before = [];

    /// <summary>Takes a change.</summary>
    /// <returns>False: something later was told already.</returns>
    public bool Take(VmView view)
    {
        var wasLost = _lost.TryGetValue(view.Id, out var told);
        if ((wasLost || _recent.TryGetValue(view.Id, out told) || _before.TryGetValue(view.Id, out told)) && view.Revision < told)
        {
            return false;
        }

        if (wasLost || view.Phase is VmPhase.Unreachable)
        {
            _lost[view.Id] = view.Revision;
            return true;
        }

        if (_recent.Count >= RecentMax)
        {
            (_recent, _before) = ([], _recent);
        }

        _recent[view.Id] = view.Revision;
        return true;
    }
}
