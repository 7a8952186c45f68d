using Hydravisor.Protocol;

namespace Hydravisor.Client;

/// <content>The requests by name. Each may throw what <see cref="SendAsync{TReply}"/> throws.</content>
public sealed partial class HydravisorClient
{
    /// <summary>
    /// Makes a VM; answered as soon as the request is durable. To be safe over lost connections give it a request id of your
    /// own and repeat it with the same one.
    /// </summary>
    public Task<VmCreated> CreateAsync(VmCreate create, CancellationToken cancellation = default) =>
        SendAsync<VmCreated>(create, cancellation);

    /// <summary>Removes a VM; answered as soon as that is durable.</summary>
    public Task<OkReply> DeleteAsync(string instanceId, CancellationToken cancellation = default) =>
        SendAsync<OkReply>(new VmDelete { InstanceId = instanceId }, cancellation);

    /// <summary>The VM as it is.</summary>
    public Task<VmStateMessage> GetStateAsync(string instanceId, CancellationToken cancellation = default) =>
        SendAsync<VmStateMessage>(new VmStateQuery { InstanceId = instanceId, Query = true }, cancellation);

    /// <summary>The VM as it is; from then on its changes come as <see cref="Broadcasts"/>.</summary>
    public Task<VmStateMessage> FollowAsync(string instanceId, CancellationToken cancellation = default) =>
        SendAsync<VmStateMessage>(new VmStateQuery { InstanceId = instanceId, Subscribe = true }, cancellation);

    /// <summary>
    /// All VMs that the agent may see; from then on the changes of all, also of VMs still to come, come as
    /// <see cref="Broadcasts"/>.
    /// </summary>
    public async Task<IReadOnlyList<VmStateMessage>> FollowAllAsync(CancellationToken cancellation = default)
    {
        var every = new VmStateQuery { InstanceId = VmStateQuery.Every, Subscribe = true };
        var reply = await SendAsync<VmListReply>(every, cancellation).ConfigureAwait(false);
        return reply.Instances;
    }

    /// <summary>The VMs that the agent may see.</summary>
    /// <param name="labels">Only those that bear all of these.</param>
    /// <param name="state">Only those in this phase.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    public async Task<IReadOnlyList<VmStateMessage>> ListAsync(
        IReadOnlyDictionary<string, string>? labels = null, VmPhase? state = null, CancellationToken cancellation = default)
    {
        var list = new VmList { Labels = labels, State = state?.ToWireName() };
        var reply = await SendAsync<VmListReply>(list, cancellation).ConfigureAwait(false);
        return reply.Instances;
    }

    /// <summary>Boots a stopped VM.</summary>
    public Task<OkReply> StartAsync(string instanceId, CancellationToken cancellation = default) =>
        SendAsync<OkReply>(new VmStart { InstanceId = instanceId }, cancellation);

    /// <summary>Asks the guest to power off; with <paramref name="force"/> pulls the plug.</summary>
    public Task<OkReply> StopAsync(string instanceId, bool force = false, CancellationToken cancellation = default) =>
        SendAsync<OkReply>(new VmStop { InstanceId = instanceId, Force = force ? true : null }, cancellation);

    /// <summary>Lets the guest's processors stand still.</summary>
    public Task<OkReply> SuspendAsync(string instanceId, CancellationToken cancellation = default) =>
        SendAsync<OkReply>(new VmSuspend { InstanceId = instanceId }, cancellation);

    /// <summary>Lets a suspended guest go on.</summary>
    public Task<OkReply> ResumeAsync(string instanceId, CancellationToken cancellation = default) =>
        SendAsync<OkReply>(new VmResume { InstanceId = instanceId }, cancellation);

    /// <summary>Boots the guest anew.</summary>
    public Task<OkReply> RebootAsync(string instanceId, CancellationToken cancellation = default) =>
        SendAsync<OkReply>(new VmReboot { InstanceId = instanceId }, cancellation);

    /// <summary>Asks for the VM's terminal session.</summary>
    public Task<AttachReply> AttachAsync(
        string instanceId, TerminalRole role = TerminalRole.Operator, CancellationToken cancellation = default) =>
        SendAsync<AttachReply>(new VmAttachTerminal { InstanceId = instanceId, Role = role.ToWireName() }, cancellation);

    /// <summary>Runs a command in the guest and waits for its end: for as long as it may run, and then as for any reply.</summary>
    /// <exception cref="HydravisorException">It did not run (409: no agent, or the VM does not run; 422: no such program), or was killed
    /// after its time (408), or nobody knows (503).</exception>
    public Task<ExecReply> ExecAsync(VmExec exec, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(exec);
        return SendPatientlyAsync<ExecReply>(exec, TimeSpan.FromSeconds(exec.TimeoutS ?? Limits.ExecSecondsDefault), cancellation);
    }

    /// <summary>The nodes, by name: whether each is there, and what it has to give.</summary>
    public async Task<IReadOnlyList<NodeInfo>> ListNodesAsync(CancellationToken cancellation = default) =>
        (await SendAsync<NodeListReply>(new NodeList(), cancellation).ConfigureAwait(false)).Nodes;

    /// <summary>Lets a node take no new VMs; those that it has run on. Answered once that is durable.</summary>
    /// <param name="node">Its name; null: the node that is connected to.</param>
    /// <param name="reason">Why, for those who ask for a VM and are refused.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    public Task<NodeReply> CordonAsync(string? node = null, string? reason = null, CancellationToken cancellation = default) =>
        SendAsync<NodeReply>(new NodeCordon { Node = node, Reason = reason }, cancellation);

    /// <summary>
    /// Has a node's VMs moved to other nodes, one after another, each as it runs where that can be and else off while its disk is copied, and lets it take no
    /// new ones. Answered once that is durable; how far it has come, <see cref="ListNodesAsync"/> tells.
    /// </summary>
    /// <param name="node">Its name; null: the node that is connected to.</param>
    /// <param name="reason">Why, for those who ask for a VM and are refused.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    public Task<NodeReply> DrainAsync(string? node = null, string? reason = null, CancellationToken cancellation = default) =>
        SendAsync<NodeReply>(new NodeDrain { Node = node, Reason = reason }, cancellation);

    /// <summary>Lets a node take new VMs again, and keep those that it has. Answered once that is durable.</summary>
    /// <param name="node">Its name; null: the node that is connected to.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    public Task<NodeReply> ResumeNodeAsync(string? node = null, CancellationToken cancellation = default) =>
        SendAsync<NodeReply>(new NodeResume { Node = node }, cancellation);

    /// <summary>Asks whether the node is there; answers with its clock.</summary>
    public Task<HeartbeatReply> HeartbeatAsync(CancellationToken cancellation = default) =>
        SendAsync<HeartbeatReply>(new Heartbeat(), cancellation);
}
