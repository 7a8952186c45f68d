using System.Diagnostics.CodeAnalysis;
using Akka.Actor;
using Hydravisor.Actors.Access;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Sessions;

/// <summary>What one agent asked and what it is answered: wire messages to commands, replies to wire messages.</summary>
/// <remarks>Not thread-safe: the session's own, and called from its mailbox only.</remarks>
/// <param name="self">The session, to which the answers come.</param>
/// <param name="connection">Its connection.</param>
/// <param name="parts">What all sessions share.</param>
/// <param name="pending">The requests that wait for their answers.</param>
/// <param name="following">Carries out what a session does itself: following logs and terminals.</param>
/// <param name="evidence">Writes down what must be before it is answered.</param>
/// <param name="send">Writes a message to the agent.</param>
internal sealed class SessionRequests(
    IActorRef self, Connection connection, SessionParts parts, PendingRequests pending, SessionFollowing following, SessionEvidence evidence, Action<ServerMessage> send)
{
    private readonly HashSet<InstanceId> _followed = [];
    private Principal _from = Principal.Nobody;
    private (long Second, long Times) _tooMany;

    /// <summary>How many requests wait for their answer.</summary>
    public int OpenCount => pending.Count;

    /// <summary>Whether the answer to one of them is a list.</summary>
    public bool AwaitsList => pending.AwaitsList;

    /// <summary>Whether one may hear what happens to a VM.</summary>
    public bool MayHear([NotNullWhen(true)] Principal? listener, VmView view) =>
        listener is not null && parts.Access.Policy.ScopeOf(listener).Covers(listener, view.Facts);

    /// <summary>What was followed by name counts no more.</summary>
    public void ForgetFollowed() => _followed.Clear();

    /// <summary>Takes a message.</summary>
    /// <param name="message">The message.</param>
    /// <param name="from">Who says it; null for a heartbeat of somebody who may not speak.</param>
    public void Handle(ClientMessage message, Principal? from)
    {
        _from = from ?? Principal.Nobody;
        var requestId = message.Meta?.RequestId;
        if (message is Heartbeat heartbeat)
        {
            if (heartbeat.Ok != true)
            {
                send(new HeartbeatReply { Time = parts.Time.GetUtcNow(), Meta = ReplyMeta.For(requestId) });
            }

            return;
        }

        if (parts.Access.CountMessage(_from) is { } wait)
        {
            TooMany(message, wait);
            return;
        }

        if ((evidence.Refusal ?? parts.Directory.Refusal) is { } refusal && MessageCatalogue.Find(message.Type)!.Mutates)
        {
            send(Error(ErrorCode.Unavailable, $"nothing may be changed now, and nothing was done: {refusal}", requestId, (message as InstanceMessage)?.InstanceId));
            return;
        }

        switch (message)
        {
            case VmCreate create:
                Create(create, requestId);
                break;
            case VmList list:
                List(list, requestId);
                break;
            case VmStateQuery { InstanceId: VmStateQuery.Every } every:
                QueryAll(every, requestId);
                break;
            case InstanceMessage about:
                Address(about, requestId);
                break;
            case NodeList nodes:
                ListNodes(nodes, requestId);
                break;
            case NodeMessage about:
                Cordon(about, requestId);
                break;
            default:
                throw new InvalidOperationException($"{message.Type} is in the catalogue and nobody handles it.");
        }
    }

    private void Create(VmCreate create, string? requestId)
    {
        var (request, impossible) = Translation.ToRequest(create);
        if (request is null)
        {
            send(Error(ErrorCode.Impossible, impossible!, requestId));
        }
        else if (Authorise(create, request with { RecordSession = request.RecordSession || parts.Access.Policy.Records(_from) }, requestId) is { } authorised)
        {
            parts.Directory.Create(
                new HostMessages.CreateVm(Await(create, requestId, null, authorised.Rule, authorised.Policy), authorised, parts.Access.Policy.LimitsOf(_from.Role)), self);
        }
    }

    private void List(VmList list, string? requestId)
    {
        VmPhase? phase = null;
        if (list.State is { } state)
        {
            if (!VmPhaseNames.TryParse(state, out var parsed))
            {
                send(Error(ErrorCode.Impossible, $"state is none of {string.Join(", ", VmPhaseNames.All)}", requestId));
                return;
            }

            phase = parsed;
        }

        if (Authorise(list, list, requestId) is { } asked)
        {
            parts.Directory.List(new HostMessages.ListVms(Await(list, requestId, null, asked.Rule, asked.Policy), list.Labels, phase), self);
        }
    }

    private void QueryAll(VmStateQuery query, string? requestId)
    {
        if (Authorise(query, query, requestId) is not { } asked)
        {
            return;
        }

        if (query.Subscribe == true)
        {
            parts.Directory.Follow(new HostMessages.Follow(Id: null), self);
        }

        parts.Directory.List(new HostMessages.ListVms(Await(query, requestId, VmStateQuery.Every, asked.Rule, asked.Policy), Labels: null, Phase: null), self);
    }

    private void ListNodes(NodeList list, string? requestId)
    {
        if (Authorise(list, list, requestId) is { } asked)
        {
            parts.Directory.Nodes(new HostMessages.QueryNodes(Await(list, requestId, null, asked.Rule, asked.Policy)), self);
        }
    }

    private void Cordon(NodeMessage about, string? requestId)
    {
        var (wish, impossible) = NodeTranslation.ToWish(about);
        if (wish is null)
        {
            send(Error(ErrorCode.Impossible, impossible!, requestId));
        }
        else if (Authorise(about, wish, requestId) is { } asked)
        {
            parts.Directory.Cordon(new HostMessages.SetCordon(Await(about, requestId, null, asked.Rule, asked.Policy), about.Node, asked), self);
        }
    }

    private void Address(InstanceMessage message, string? requestId)
    {
        if (!InstanceId.TryParse(message.InstanceId, out var id))
        {
            send(Error(ErrorCode.NotFound, $"there is no instance with that id; vm/list shows those there are ({InstanceId.Form})", requestId, message.InstanceId));
            return;
        }

        var incarnation = message.Meta?.Incarnation;
        if (message is VmStateQuery query)
        {
            if (Authorise(query, query, requestId) is { } asked && (query.Subscribe != true || TryFollow(id, requestId)))
            {
                parts.Directory.Tell(new VmQuery(id, Await(message, requestId, id.Value, asked.Rule, asked.Policy), incarnation, asked.Reach), self);
            }

            return;
        }

        if (Wrong(message) is { } wrong)
        {
            send(Error(wrong.Code, wrong.Message, requestId, id.Value));
            return;
        }

        // What is carried out here is let by the VM first, which knows whether it is there and in which incarnation.
        if (following.ToCommand(message, id) is not { } wanted)
        {
            if (Authorise(message, message, requestId) is { } asked)
            {
                parts.Directory.Tell(new VmQuery(id, Await(message, requestId, id.Value, asked.Rule, asked.Policy, then: message), incarnation, asked.Reach, AlsoGone: message is RecordingQuery), self);
            }
        }
        else if (Authorise(message, wanted, requestId) is { } command)
        {
            var then = message is VmAttachTerminal { Stream: true } or TerminalInput ? message : null;
            parts.Directory.Tell(
                new VmAsk(id, Await(message, requestId, id.Value, command.Rule, command.Policy, then, (wanted as VmCommand.Type)?.Bytes), incarnation, command), self);
        }
    }

    private static (ErrorCode Code, string Message)? Wrong(InstanceMessage message) => message switch
    {
        VmExec exec => ExecTranslation.Wrong(exec),
        RecordingQuery query => RecordingTranslation.Wrong(query),
        _ => FollowTranslation.Wrong(message),
    };

    private bool TryFollow(InstanceId id, string? requestId)
    {
        if (_followed.Count >= parts.Settings.FollowedMax && !_followed.Contains(id))
        {
            send(Error(ErrorCode.TooMany, $"this connection follows {_followed.Count} VMs, which is the most; follow \"*\" instead", requestId, id.Value));
            return false;
        }

        // Again too: the first time its node may not have been there to hear of it.
        _followed.Add(id);
        parts.Directory.Follow(new HostMessages.Follow(id), self);
        return true;
    }

    private Authorised<T>? Authorise<T>(ClientMessage message, T request, string? requestId)
    {
        // Another one may be in force by the next line: the one that decided is named.
        var policy = parts.Access.Policy;
        if (Gatekeeper.TryAuthorise(policy, _from, PolicyQuestion.Of(message), request, requestId, out var authorised, out var denied))
        {
            return authorised;
        }

        var cause = Evidence.CauseOf(_from, requestId, denied.Rule, policy.Digest);
        var error = Error(ErrorCode.Forbidden, denied.Reason, requestId) with { Rule = denied.Rule, Policy = policy.Digest };
        Deny(cause, Evidence.Denied(message, ErrorCode.Forbidden, denied.Reason, evidence.Remote), error);
        return null;
    }

    /// <summary>Answers a message of somebody who may not speak.</summary>
    public void Deny(ClientMessage message, string why)
    {
        var requestId = message.Meta?.RequestId;
        var cause = new Cause(Principal.Anonymous, RequestId: requestId, Connection: connection.Id, Policy: parts.Access.Policy.Digest);
        Deny(cause, Evidence.Denied(message, ErrorCode.Unauthorized, why, evidence.Remote), Error(ErrorCode.Unauthorized, why, requestId));
    }

    /// <summary>Has a signed message answered that was not let in.</summary>
    /// <param name="line">The message.</param>
    /// <param name="refused">Why it was not.</param>
    /// <param name="then">Answers it.</param>
    public void Deny(WrappedLine line, Admission.Denied refused, Action then)
    {
        // Whom it names is not proven: it is nobody's.
        var cause = new Cause(Principal.Anonymous, RequestId: line.RequestId, Connection: connection.Id, Policy: parts.Access.Policy.Digest);
        evidence.Record(cause, Evidence.Denied(line, refused, evidence.Remote), instanceId: null, then);
    }

    // The record comes first: nobody is denied without one.
    private void Deny(Cause cause, LedgerEvents.Denied denied, ErrorMessage error) =>
        evidence.Record(cause, denied, error.InstanceId, () => send(error));

    // Who sends more than he may would fill the ledger with it: one record a second says how many there were.
    private void TooMany(ClientMessage message, TimeSpan wait)
    {
        var most = parts.Access.Policy.LimitsOf(_from.Role).MessagesPerSecond;
        var error = Error(
            ErrorCode.TooMany, $"the role '{_from.Role}' lets an agent send {most} messages a second; send it again after retry_after_ms", message.Meta?.RequestId) with
        {
            RetryAfterMs = (long)Math.Ceiling(wait.TotalMilliseconds),
        };
        var second = parts.Time.GetUtcNow().ToUnixTimeSeconds();
        _tooMany.Times++;
        if (_tooMany.Second == second)
        {
            send(error);
            return;
        }

        var cause = Evidence.CauseOf(_from, message.Meta?.RequestId, RoleLimits.MessagesRule(_from.Role), parts.Access.Policy.Digest);
        Deny(cause, Evidence.Denied(message, ErrorCode.TooMany, error.Message, evidence.Remote, _tooMany.Times), error);
        _tooMany = (second, 0);
    }

    private long Await(
        ClientMessage message, string? requestId, string? instanceId, string rule, string policy, InstanceMessage? then = null, byte[]? typed = null)
    {
        // A command in a guest has its own time, and then the time of any answer.
        var own = message is VmExec exec ? TimeSpan.FromSeconds(exec.TimeoutS ?? Limits.ExecSecondsDefault) : TimeSpan.Zero;
        var deadline = parts.Time.GetTimestamp() + (long)((parts.Settings.RequestTimeout + own).TotalSeconds * parts.Time.TimestampFrequency);
        return pending.Add(new Pending(message.Type, requestId, instanceId, _from, rule, policy, deadline, then, typed));
    }

    /// <summary>Takes what a VM, a host or the directory answers; false when nobody waits for it any more.</summary>
    public bool Answer(object answer) => answer switch
    {
        VmReply reply => pending.TryTake(reply.Correlation, out var request)
            && Answer(request, Evidence.Of(request, reply, parts.Access.Policy, evidence.Remote), () => Settle(request, reply)),
        HostMessages.VmsListed listed => pending.TryTake(listed.Correlation, out var request)
            && Answer(request, Evidence.OfList(request, parts.Access.Policy), () => Tell(request, listed)),
        HostMessages.NodesListed nodes => pending.TryTake(nodes.Correlation, out var request)
            && Answer(request, Evidence.OfList(request, parts.Access.Policy), () => send(NodeTranslation.ToReply(nodes, request.RequestId))),
        // The node's registry has it.
        HostMessages.NodeDone done => pending.TryTake(done.Correlation, out var request)
            && Answer(request, null, () => send(new NodeReply(request.Type) { Node = done.Node, Meta = ReplyMeta.For(request.RequestId) })),
        _ => throw new InvalidOperationException($"{answer.GetType().Name} answers nothing."),
    };

    private bool Answer(Pending request, ILedgerEvent? what, Action then)
    {
        if (what is null)
        {
            then();
        }
        else
        {
            evidence.Record(Evidence.CauseOf(request), what, request.InstanceId, then);
        }

        return true;
    }

    private void Settle(Pending request, VmReply reply)
    {
        if (request.Then is null || reply is VmReply.Denied)
        {
            send(Translation.ToAnswer(request, reply));
        }
        else
        {
            following.Continue(request, reply);
        }
    }

    private void Tell(Pending request, HostMessages.VmsListed listed)
    {
        var views = listed.Views.Where(view => MayHear(request.From, view));
        if (request.Type == MessageTypes.VmList)
        {
            send(new VmListReply { Instances = [.. views.Select(view => Translation.ToState(view, null))], Meta = ReplyMeta.For(request.RequestId) });
            return;
        }

        foreach (var view in views)
        {
            send(Translation.ToState(view, request.RequestId));
        }

        send(new OkReply(request.Type) { InstanceId = VmStateQuery.Every, Meta = ReplyMeta.For(request.RequestId) });
    }

    /// <summary>Answers those whose time is up.</summary>
    public void GiveUpOverdue()
    {
        foreach (var overdue in pending.TakeOverdue(parts.Time.GetTimestamp()))
        {
            send(overdue.Error(
                ErrorCode.TimedOut,
                $"no answer came within {parts.Settings.RequestTimeout.TotalSeconds:0} s; it may still be carried out: look at the state, or repeat it"));
        }
    }

    /// <summary>An error that answers a message.</summary>
    public static ErrorMessage Error(ErrorCode code, string message, string? requestId = null, string? instanceId = null) =>
        new() { Code = code, Message = message, InstanceId = instanceId, Meta = ReplyMeta.For(requestId) };
}
