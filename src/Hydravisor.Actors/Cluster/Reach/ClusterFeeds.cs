using Akka.Actor;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Logs;
using Hydravisor.Actors.Logs.Following;
using Hydravisor.Actors.Recordings;
using Hydravisor.Actors.Terminals.Sharing;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Cluster.Reach;

/// <summary>What VMs write and show, on this node or on another one of the cluster.</summary>
/// <param name="local">This node's.</param>
/// <param name="members">The nodes.</param>
/// <param name="system">Makes the actors that speak with other nodes.</param>
/// <param name="within">How long another node may take to answer.</param>
internal sealed class ClusterFeeds(LocalFeeds local, Members members, ActorSystem system, TimeSpan within) : IVmFeeds
{
    private readonly RemoteFeeds _remote = new(members, system, within);

    /// <inheritdoc/>
    public async Task<Outcome<ILogFeed>> FollowLogAsync(VmView vm, LogStart from, Action wake)
    {
        if (vm.Node == members.Self)
        {
            return await local.FollowLogAsync(vm, from, wake).ConfigureAwait(false);
        }

        var (feed, opened) = _remote.Open(vm.Node, TerminalRole.Auditor, new ReachMessages.OpenLog(vm.Id, from.Number), wake);
        var outcome = await opened.ConfigureAwait(false);
        return new Outcome<ILogFeed>(outcome, outcome.IsDone ? feed : null);
    }

    /// <inheritdoc/>
    public async Task<Outcome<LogPage>> QueryLogAsync(VmView vm, LogStart from, int limit, int bytesMax)
    {
        if (vm.Node == members.Self)
        {
            return await local.QueryLogAsync(vm, from, limit, bytesMax).ConfigureAwait(false);
        }

        var asked = await AskAsync<ReachMessages.LogRead>(vm.Node, new ReachMessages.QueryLog(vm.Id, from.Number, limit, bytesMax)).ConfigureAwait(false);
        return asked.Value is { } read
            ? new Outcome<LogPage>(new Outcome(read.Kind, read.Reason), new LogPage(read.PayloadJson, read.Next))
            : new Outcome<LogPage>(asked.Result, default);
    }

    /// <inheritdoc/>
    public async Task<Outcome<RecordingPage>> ReadRecordingAsync(VmView vm, string? node, RecordingQuest quest)
    {
        var there = node ?? vm.Node;
        if (there == members.Self)
        {
            return await local.ReadRecordingAsync(vm, node: null, quest).ConfigureAwait(false);
        }

        if (node is not null && !members.ByName.ContainsKey(node))
        {
            return Outcome<RecordingPage>.Failed(HostAnswers.NoSuchNode(node, members.ByName.Keys));
        }

        var asked = await AskAsync<ReachMessages.RecordingRead>(there, new ReachMessages.ReadRecording(vm.Id, quest)).ConfigureAwait(false);
        return asked.Value is { } read ? new Outcome<RecordingPage>(new Outcome(read.Kind, read.Reason), read.Page) : new Outcome<RecordingPage>(asked.Result, null);
    }

    /// <inheritdoc/>
    public ITerminalFeed Attach(VmView vm, TerminalRole role, (int Cols, int Rows)? size, Action wake) => vm.Node == members.Self
        ? local.Attach(vm, role, size, wake)
        : _remote.Open(vm.Node, role, new ReachMessages.OpenTerminal(vm.Id, role, size?.Cols, size?.Rows), wake).Feed;

    private async Task<Outcome<T>> AskAsync<T>(string name, object question)
        where T : class
    {
        if (members.ByName.GetValueOrDefault(name) is not { IsThere: true } node)
        {
            return Outcome<T>.Unavailable(Member.Lost(name));
        }

        try
        {
            return Outcome<T>.Done(await system.ActorSelection(node.ReachPath).Ask<T>(question, within).ConfigureAwait(false));
        }
        catch (AskTimeoutException)
        {
            return Outcome<T>.Unavailable(Member.Lost(name));
        }
    }
}
