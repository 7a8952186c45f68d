using Hydravisor.Protocol;

namespace Hydravisor.Client;

/// <content>What is followed: logs and terminals.</content>
public sealed partial class HydravisorClient
{
    /// <summary>Follows a VM's log.</summary>
    /// <remarks>While nobody reads what came, the whole connection is read no further: give a log its own connection, or read it all the time.</remarks>
    /// <param name="instanceId">The VM.</param>
    /// <param name="from">Where to begin; null: what comes from now on.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <exception cref="InvalidOperationException">This connection follows it already.</exception>
    public async Task<LogFeed> FollowLogAsync(string instanceId, LogFrom? from = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        var messages = _feeds.OpenLog(instanceId);
        try
        {
            var reply = await SendAsync<LogSubscribed>(new LogSubscribe { InstanceId = instanceId, From = from }, cancellation).ConfigureAwait(false);
            return new LogFeed(this, reply, messages);
        }
        catch
        {
            _feeds.ForgetLog(instanceId);
            throw;
        }
    }

    /// <summary>Reads a piece of a VM's log; <see cref="ModelLog.Next"/> says where to go on.</summary>
    /// <param name="instanceId">The VM.</param>
    /// <param name="from">Where to begin; null: at the start.</param>
    /// <param name="limit">How many entries at most; null: <see cref="Limits.LogQueryEntriesDefault"/>.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    public Task<ModelLog> QueryLogAsync(string instanceId, LogFrom? from = null, long? limit = null, CancellationToken cancellation = default) =>
        SendAsync<ModelLog>(new LogQuery { InstanceId = instanceId, From = from, Limit = limit }, cancellation);

    /// <summary>Reads a piece of a VM's recording; <see cref="RecordingReply.Next"/> says where to go on.</summary>
    /// <param name="query">Which piece of which recording.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <exception cref="HydravisorException">404: there is no recording there, or no such part; 503: its node does not answer.</exception>
    public Task<RecordingReply> QueryRecordingAsync(RecordingQuery query, CancellationToken cancellation = default) => SendAsync<RecordingReply>(query, cancellation);

    /// <summary>Attaches to a VM's terminal over this connection.</summary>
    /// <remarks>As with logs: while nobody reads what came, the connection is read no further.</remarks>
    /// <param name="instanceId">The VM.</param>
    /// <param name="role">Whether to type too.</param>
    /// <param name="cols">Width of an operator's screen in characters.</param>
    /// <param name="rows">Its height in lines.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <exception cref="InvalidOperationException">This connection is attached to it already.</exception>
    public async Task<TerminalFeed> OpenTerminalAsync(
        string instanceId, TerminalRole role = TerminalRole.Operator, int? cols = null, int? rows = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        var messages = _feeds.OpenTerminal(instanceId);
        try
        {
            var attach = new VmAttachTerminal { InstanceId = instanceId, Role = role.ToWireName(), Stream = true, Cols = cols, Rows = rows };
            var reply = await SendAsync<AttachReply>(attach, cancellation).ConfigureAwait(false);
            return new TerminalFeed(this, reply, messages);
        }
        catch
        {
            _feeds.ForgetTerminal(instanceId);
            throw;
        }
    }

    internal async Task LeaveLogAsync(string instanceId)
    {
        _feeds.ForgetLog(instanceId);
        await LeaveAsync(new LogUnsubscribe { InstanceId = instanceId }).ConfigureAwait(false);
    }

    internal async Task LeaveTerminalAsync(string instanceId)
    {
        _feeds.ForgetTerminal(instanceId);
        await LeaveAsync(new TerminalDetach { InstanceId = instanceId }).ConfigureAwait(false);
    }

    private async Task LeaveAsync(ClientMessage message)
    {
        try
        {
            await SendAsync<OkReply>(message).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is HydravisorException or HydravisorConnectionException or TimeoutException)
        {
            // The VM or the connection is gone, and so is what was followed.
        }
    }
}
