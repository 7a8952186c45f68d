using Akka.Actor;
using Hydravisor.Actors.Feeds;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Logs;
using Hydravisor.Actors.Terminals;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Sessions;

/// <summary>Logs and terminals as one session follows them: what its messages come to, once the VM has let them.</summary>
/// <remarks>Not thread-safe: the session's own, and called from its mailbox only.</remarks>
/// <param name="self">The session.</param>
/// <param name="parts">What all sessions share.</param>
/// <param name="by">Who types: the agent's fingerprint, or <c>anonymous</c>.</param>
/// <param name="feeds">What is followed.</param>
/// <param name="send">Writes a message to the agent.</param>
internal sealed class SessionFollowing(IActorRef self, SessionParts parts, string by, SessionFeeds feeds, Action<ServerMessage> send)
{
    /// <summary>The requests of the session that wait for their answers.</summary>
    public PendingRequests Pending { get; } = new();

    /// <summary>The command that a message is to its VM; null where the VM only has to let it, and it is carried out here.</summary>
    public VmCommand? ToCommand(InstanceMessage message, InstanceId id) => message switch
    {
        TerminalInput input => Viewer(id) is { Role: TerminalRole.Operator } ? new VmCommand.Type(FollowTranslation.Bytes(input)) : null,
        _ => Translation.ToCommand(message),
    };

    /// <summary>The VM let it: carries it out.</summary>
    public void Continue(Pending pending, VmReply reply)
    {
        switch (pending.Then, reply)
        {
            case (VmAttachTerminal attach, VmReply.Attached attached):
                Attach(attach, attached, pending);
                break;
            case (TerminalInput, VmReply.Granted granted) when Viewer(granted.View.Id) is { } viewer:
                Typed(viewer, granted, pending);
                break;
            case (TerminalInput or TerminalResize, VmReply.Granted granted) when Viewer(granted.View.Id) is null:
                send(pending.Error(ErrorCode.Conflict, $"this connection is not attached to the terminal of {granted.View.Id}: send vm/attach-terminal with stream:true first"));
                break;
            case (TerminalResize resize, VmReply.Granted granted):
                Resize(resize, granted, pending);
                break;
            case (TerminalDetach, VmReply.Granted granted):
                feeds.Leave(FeedKind.Terminal, granted.View.Id);
                send(Translation.ToAnswer(pending, granted));
                break;
            case (LogSubscribe subscribe, VmReply.Granted granted):
                Subscribe(subscribe, granted.View, pending);
                break;
            case (LogUnsubscribe, VmReply.Granted granted):
                feeds.Leave(FeedKind.Log, granted.View.Id);
                send(Translation.ToAnswer(pending, granted));
                break;
            case (LogQuery query, VmReply.Granted granted):
                Query(query, granted.View, pending);
                break;
            default:
                throw new InvalidOperationException($"{pending.Type} was answered by {reply.GetType().Name}, which leads nowhere.");
        }
    }

    /// <summary>What is followed has ended by itself: says so.</summary>
    public void Ended(FeedKind kind, InstanceId id, string why) => send(SessionRequests.Error(
        kind == FeedKind.Log ? ErrorCode.NotFound : ErrorCode.Conflict,
        $"the {(kind == FeedKind.Log ? "log" : "terminal")} of {id} ended: {why}",
        instanceId: id.Value));

    private TerminalViewer? Viewer(InstanceId id) => feeds.Find(FeedKind.Terminal, id) as TerminalViewer;
}
