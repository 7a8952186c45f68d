using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Logs;
using Hydravisor.Actors.Logs.Following;
using Hydravisor.Actors.Recordings;
using Hydravisor.Actors.Terminals.Sharing;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Cluster.Reach;

/// <summary>What the VMs of this node write and show.</summary>
internal sealed class LocalFeeds(VmPorts ports) : IVmFeeds
{
    /// <inheritdoc/>
    public async Task<Outcome<ILogFeed>> FollowLogAsync(VmView vm, LogStart from, Action wake)
    {
        var followed = await ports.Logs.FollowAsync(vm.Id, from, wake).ConfigureAwait(false);
        return new Outcome<ILogFeed>(followed.Result, followed.Value);
    }

    /// <inheritdoc/>
    public Task<Outcome<LogPage>> QueryLogAsync(VmView vm, LogStart from, int limit, int bytesMax) => ports.Logs.QueryAsync(vm.Id, from, limit, bytesMax);

    /// <inheritdoc/>
    public Task<Outcome<RecordingPage>> ReadRecordingAsync(VmView vm, string? node, RecordingQuest quest) => node is null || node == vm.Node
        ? ports.Recordings.ReadAsync(vm.Id, quest)
        : Task.FromResult(Outcome<RecordingPage>.Failed(HostAnswers.NoSuchNode(node, [vm.Node])));

    /// <inheritdoc/>
    public ITerminalFeed Attach(VmView vm, TerminalRole role, (int Cols, int Rows)? size, Action wake) => ports.Shared.Attach(vm.Id, role, size, wake);
}
