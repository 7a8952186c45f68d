using Akka.Actor;
using Hydravisor.Actors.Access;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Logs;
using Hydravisor.Actors.Logs.Following;
using Hydravisor.Actors.Terminals.Sharing;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Sessions;

/// <summary>Logs, recordings and terminals as one session follows and reads them: what its messages come to, once the VM has let them.</summary>
/// <remarks>Not thread-safe: the session's own, and called from its mailbox only. What takes time comes back to the session as a message.</remarks>
/// <param name="self">The session.</param>
/// <param name="parts">What all sessions share.</param>
/// <param name="feeds">What is followed.</param>
/// <param name="pending">The requests of the session that wait for their answers.</param>
/// <param name="evidence">Writes down who is shown what.</param>
/// <param name="send">Writes a message to the agent.</param>
internal sealed class SessionFollowing(
    IActorRef self, SessionParts parts, SessionFeeds feeds, PendingRequests pending, SessionEvidence evidence, Action<ServerMessage> send)
{
    /// <summary>The rule that denies an auditor's hands.</summary>
    public const string TerminalRule = "terminal-role";

    /// <summary>The command that a message is to its VM; null where the VM only has to let it, and it is carried out here.</summary>
    public VmCommand? ToCommand(InstanceMessage message, InstanceId id) => message switch
    {
        TerminalInput input => Viewer(id) is { Role: TerminalRole.Operator } ? new VmCommand.Type(FollowTranslation.Bytes(input)) : null,
        _ => Translation.ToCommand(message),
    };

    /// <summary>The VM let it: carries it out.</summary>
    public void Continue(Pending request, VmReply reply)
    {
        switch (request.Then, reply)
        {
            case (VmAttachTerminal attach, VmReply.Attached attached):
                Attach(attach, attached, request);
                break;
            case (TerminalInput or TerminalResize, VmReply.Granted granted):
                AtTerminal(request, granted);
                break;
            case (TerminalDetach or LogUnsubscribe, VmReply.Granted granted):
                Leave(request.Then is LogUnsubscribe ? FeedKind.Log : FeedKind.Terminal, granted.View.Id, "it was left");
                send(Translation.ToAnswer(request, granted));
                break;
            case (LogSubscribe subscribe, VmReply.Granted granted):
                Subscribe(subscribe, granted.View, request);
                break;
            case (LogQuery query, VmReply.Granted granted):
                Query(query, granted.View, request);
                break;
            case (RecordingQuery query, VmReply.Granted granted):
                Read(query, granted.View, request);
                break;
            default:
                throw new InvalidOperationException($"{request.Type} was answered by {reply.GetType().Name}, which leads nowhere.");
        }
    }

    /// <summary>Takes what came of something that was carried out here; false when nobody waits for it any more.</summary>
    public bool Answer(CarriedOut done)
    {
        var awaited = pending.TryTake(done.Correlation, out var request);
        if (done.Feed is { } feed)
        {
            TakeFeed(done, feed, awaited ? request : null);
        }
        else if (awaited)
        {
            Forget(done.Followed);
            send(done.Answer(request));
        }

        return awaited;
    }

    /// <summary>What is followed has ended by itself: says so.</summary>
    public void Ended(SessionFeeds.Followed followed, string why)
    {
        if (followed.Kind == FeedKind.Terminal)
        {
            evidence.Detached(followed.Id, why);
        }

        send(SessionRequests.Error(
            followed.Feed!.IsLost ? ErrorCode.Unavailable : followed.Kind == FeedKind.Log ? ErrorCode.NotFound : ErrorCode.Conflict,
            $"the {(followed.Kind == FeedKind.Log ? "log" : "terminal")} of {followed.Id} ended: {why}",
            instanceId: followed.Id.Value));
    }

    private void Leave(FeedKind kind, InstanceId id, string why)
    {
        if (kind == FeedKind.Terminal)
        {
            evidence.Detached(id, why);
        }

        feeds.Leave(kind, id);
    }

    private ITerminalFeed? Viewer(InstanceId id) => feeds.Find(FeedKind.Terminal, id) as ITerminalFeed;

    private void Attach(VmAttachTerminal attach, VmReply.Attached attached, Pending request)
    {
        var id = attached.View.Id;
        if (TooMany(FeedKind.Terminal, id, request))
        {
            return;
        }

        send(Translation.ToAnswer(request, attached));
        var role = attached.ReadOnly ? TerminalRole.Auditor : TerminalRole.Operator;
        (int, int)? size = attach is { Cols: { } cols, Rows: { } rows } ? ((int)cols, (int)rows) : null;
        evidence.Detached(id, "it was attached to anew");
        evidence.Attached(id, Evidence.CauseOf(request));
        feeds.Follow(FeedKind.Terminal, id, wake => parts.Feeds.Attach(attached.View, role, size, wake));
    }

    private void AtTerminal(Pending request, VmReply.Granted granted)
    {
        var id = granted.View.Id;
        if (Viewer(id) is not { } viewer)
        {
            send(request.Error(ErrorCode.Conflict, $"this connection is not attached to the terminal of {id}: send vm/attach-terminal with stream:true first"));
            return;
        }

        if (viewer.Role != TerminalRole.Operator)
        {
            var error = request.Error(ErrorCode.Forbidden, $"this connection is attached to {id} as auditor, which reads only");
            Deny(request, error with { Rule = TerminalRule, Policy = parts.Access.Policy.Digest }, TerminalRule);
            return;
        }

        Task<Outcome> done;
        if (request.Then is TerminalResize resize)
        {
            done = viewer.ResizeAsync((int)resize.Cols!, (int)resize.Rows!);
        }
        else if (request.Typed is { } bytes)
        {
            done = viewer.TypeAsync(bytes);
            evidence.Typed(id, bytes.Length);
        }
        else
        {
            // It attached after this was sent: the VM did not decide on it, and so did not record it either.
            send(request.Error(ErrorCode.Conflict, $"this connection was not attached to the terminal of {id} yet: type after the answer to vm/attach-terminal"));
            return;
        }

        var correlation = pending.Add(request);
        done.PipeTo(
            self,
            success: outcome => new CarriedOut(correlation, asked => outcome.IsDone ? Translation.ToAnswer(asked, granted) : asked.Error(ErrorCode.Unavailable, outcome.Reason)),
            failure: e => Failed(correlation, e));
    }

    private void Deny(Pending request, ErrorMessage error, string rule) => evidence.Record(
        Evidence.CauseOf(request) with { Rule = rule, Policy = parts.Access.Policy.Digest },
        Evidence.Denied(request, error.Code, error.Message, evidence.Remote),
        request.InstanceId,
        () => send(error));

    private void Subscribe(LogSubscribe subscribe, VmView view, Pending request)
    {
        if (TooMany(FeedKind.Log, view.Id, request))
        {
            return;
        }

        // What is followed anew is followed no more by then.
        feeds.Leave(FeedKind.Log, view.Id);
        var (agent, limits) = (request.From.Agent, parts.Access.Policy.LimitsOf(request.From.Role));
        if (!parts.Access.LogSubscriptions.TryAdd(agent, limits.LogSubscriptions))
        {
            var most = $"the role '{request.From.Role}' lets an agent follow {limits.LogSubscriptions} logs at once; unsubscribe from one";
            Deny(request, request.Error(ErrorCode.TooMany, most), RoleLimits.LogsRule(request.From.Role));
            return;
        }

        var correlation = pending.Add(request);
        var followed = feeds.Reserve(FeedKind.Log, view.Id, () => parts.Access.LogSubscriptions.Remove(agent));
        parts.Feeds.FollowLogAsync(view, Start(subscribe.From ?? LogFrom.Tail), followed.Wake).PipeTo(
            self,
            success: outcome => new CarriedOut(
                correlation, asked => Unread(asked, outcome.Result), outcome.Value is { } feed && followed.TryOffer(feed) ? feed : null, followed, view),
            failure: e => Failed(correlation, e, followed));
    }

    // A subscription that was left, or given up, while its log was being opened.
    private void TakeFeed(CarriedOut done, ILogFeed feed, Pending? request)
    {
        if (request is not { } asked)
        {
            Forget(done.Followed);
            return;
        }

        if (done.Followed!.Left)
        {
            send(asked.Error(ErrorCode.Conflict, "the log was subscribed to anew, or unsubscribed from, before this was done"));
            return;
        }

        send(new LogSubscribed
        {
            InstanceId = done.View!.Id.Value,
            Next = feed.From,
            Incarnation = done.View.Incarnation,
            Meta = ReplyMeta.For(asked.RequestId),
        });
        done.Followed.Fill(feed);
    }

    // It came to nothing; unless another one has taken its place.
    private void Forget(SessionFeeds.Followed? followed)
    {
        if (followed is { Left: false })
        {
            feeds.Leave(followed.Kind, followed.Id);
        }
    }

    private void Query(LogQuery query, VmView view, Pending request)
    {
        var correlation = pending.Add(request);
        var limit = (int)(query.Limit ?? Limits.LogQueryEntriesDefault);
        parts.Feeds.QueryLogAsync(view, Start(query.From ?? LogFrom.Start), limit, Limits.LogQueryBytesMax).PipeTo(
            self,
            success: outcome => new CarriedOut(correlation, asked => outcome.IsDone ? ToAnswer(asked, view, outcome.Value) : Unread(asked, outcome.Result)),
            failure: e => Failed(correlation, e));
    }

    private void Read(RecordingQuery query, VmView view, Pending request)
    {
        var correlation = pending.Add(request);
        parts.Feeds.ReadRecordingAsync(view, query.Node, RecordingTranslation.ToQuest(query)).PipeTo(
            self,
            success: outcome => new CarriedOut(correlation, asked => outcome.Value is { } page && outcome.IsDone
                ? RecordingTranslation.ToAnswer(asked, view.Id, query.Node ?? view.Node, page)
                : asked.Error(outcome.Result.Kind == OutcomeKind.Failed ? ErrorCode.NotFound : ErrorCode.Unavailable, outcome.Result.Reason)),
            failure: e => Failed(correlation, e));
    }

    private static CarriedOut Failed(long correlation, Exception e, SessionFeeds.Followed? followed = null) =>
        new(correlation, asked => asked.Error(ErrorCode.Unavailable, e.Message), Followed: followed);

    private static ModelLog ToAnswer(Pending asked, VmView view, LogPage page) => new()
    {
        Source = view.Id.Value,
        Payload = [],
        PayloadJson = page.PayloadJson,
        Next = page.Next,
        Meta = ReplyMeta.For(asked.RequestId),
    };

    private static ErrorMessage Unread(Pending asked, Outcome outcome) => asked.Error(ErrorCode.Unavailable, $"the log cannot be read now: {outcome.Reason}");

    private static LogStart Start(LogFrom from) => from switch
    {
        { Seq: { } seq } => LogStart.Seq(seq),
        { Word: "start" } => LogStart.Start,
        _ => LogStart.Tail,
    };

    private bool TooMany(FeedKind kind, InstanceId id, Pending request)
    {
        if (feeds.HasRoomFor(kind, id))
        {
            return false;
        }

        send(request.Error(ErrorCode.TooMany, $"this connection follows {parts.Settings.FeedsMax} logs and terminals, which is the most; leave one, or open another connection"));
        return true;
    }

    /// <summary>Something that was carried out here came to its end.</summary>
    /// <param name="Correlation">The number under which it is awaited.</param>
    /// <param name="Answer">Its answer.</param>
    /// <param name="Feed">The log that is followed from now on.</param>
    /// <param name="Followed">Its place among what is followed.</param>
    /// <param name="View">Its VM.</param>
    internal sealed record CarriedOut(
        long Correlation, Func<Pending, ServerMessage> Answer, ILogFeed? Feed = null, SessionFeeds.Followed? Followed = null, VmView? View = null)
        : INoSerializationVerificationNeeded;
}
