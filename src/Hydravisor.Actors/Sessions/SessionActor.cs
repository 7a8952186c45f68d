using Akka.Actor;
using Akka.Event;
using Hydravisor.Actors.Access;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;
using static Hydravisor.Actors.Sessions.SessionSignals;

namespace Hydravisor.Actors.Sessions;

/// <summary>One connected agent: who it is, what it asked, what it follows.</summary>
/// <remarks>
/// <code><![CDATA[
/// open ── drain, silence ─> ending ── all answered ─> closing ── the peer closes too, or the time is up ─> gone
///   ├──── input ended ────> ending ── all answered ────────────────────────────────────────────────────────^
///   └──── broken, cut ─────────────────────────────────────────────────────────────────────────────────────^
/// ]]></code>
/// Lines come in batches. Each is taken when there is room for it (few enough requests open, and a peer that reads), and a batch is
/// acknowledged when all of it was: else a peer that asks much at once would be cut for answers that it is about to read.
/// Answers are gathered and go out when the mailbox has nothing more to say at once. Who closes first reads on until the other closes
/// too: a socket that is closed with bytes unread resets the connection, and what was said last would be lost.
/// </remarks>
internal sealed class SessionActor : UntypedActor, IWithTimers
{
    private readonly SessionSettings _settings;
    private readonly AccessControl _access;
    private readonly Action _accessChanged;
    private readonly SessionIdentity _identity;
    private readonly SessionHeartbeats _heartbeats;
    private readonly OutboundBuffer _outbound;
    private readonly SessionEvidence _evidence;
    private readonly SessionFeeds _feeds;
    private readonly SessionFollowing _following;
    private readonly SessionRequests _requests;
    private readonly SessionLog _log;
    private readonly SessionInbox _unread = new();
    private readonly SessionDenials _denials;
    private readonly SessionNews _news = new();
    private bool _flushing;
    private bool _waitingForRoom;
    private bool _inputEnded;
    private bool _ending;
    private bool _closing;

    /// <summary>Makes the session of a connection.</summary>
    public SessionActor(Connection connection, SessionParts parts)
    {
        _settings = parts.Settings;
        _outbound = new OutboundBuffer(connection.Outbound, _settings.OutboundChunkBytes);
        _access = parts.Access;
        var pending = new PendingRequests();
        _evidence = new SessionEvidence(Self, parts.Ledger, connection.Remote.ToString(), Send);
        _feeds = new SessionFeeds(Self, _outbound, _settings.FeedsMax);
        _following = new SessionFollowing(Self, parts, _feeds, pending, _evidence, Send);
        _requests = new SessionRequests(Self, connection, parts, pending, _following, _evidence, Send);
        var self = Self;
        _accessChanged = () => self.Tell(AccessChanged.Instance);
        _identity = new SessionIdentity(connection, parts.Access, OnOtherSpeaker, OnDenied, Send);
        _heartbeats = new SessionHeartbeats(_settings, parts.Time, Send);
        _log = new SessionLog(Context.GetLogger(), connection);
        _denials = new SessionDenials(_settings.DenialsMax);
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc/>
    protected override void PreStart()
    {
        _log.Opened(_identity.Bare);
        _access.Changed += _accessChanged;
        Timers.StartPeriodicTimer(HeartbeatDue.Instance, HeartbeatDue.Instance, _settings.HeartbeatInterval);
        Timers.StartPeriodicTimer(SweepDue.Instance, SweepDue.Instance, _settings.RequestTimeout / 4);
    }

    /// <inheritdoc/>
    protected override void PostStop()
    {
        _access.Changed -= _accessChanged;
        _evidence.DetachedAll("the connection ended");
        _feeds.Dispose();
        _outbound.Complete();
        _log.Ended();
    }

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case SessionProtocol.LineBatch batch:
                OnLines(batch);
                break;
            case VmReply or HostMessages.VmsListed or HostMessages.NodesListed or HostMessages.NodeDone:
                AfterAnswer(_requests.Answer(message));
                break;
            case HostMessages.VmChanged changed:
                OnChanged(changed);
                break;
            case SessionFeeds.Awake awake:
                _feeds.Wake(awake);
                PassOn();
                break;
            case SessionFeeds.More:
                _feeds.Resume();
                PassOn();
                break;
            case SessionFollowing.CarriedOut done:
                AfterAnswer(_following.Answer(done));
                break;
            case SessionEvidence.Recorded recorded:
                _evidence.Answer(recorded);
                AfterAnswer(answered: true);
                break;
            default:
                OnConnection(message);
                break;
        }
    }

    // What concerns the connection and its life.
    private void OnConnection(object message)
    {
        switch (message)
        {
            case Flush:
                _flushing = false;
                TryFlush();
                break;
            case RoomThere room:
                OnRoom(room.Open);
                break;
            case HeartbeatDue when !_heartbeats.Beat():
                End();
                break;
            case HeartbeatDue:
                break;
            case SweepDue:
                OnSweep();
                break;
            case AccessChanged:
                _identity.Check();
                break;
            case SessionProtocol.Opened:
                Sender.Tell(SessionProtocol.Ack.Instance);
                break;
            case SessionProtocol.InputEnded:
                _inputEnded = true;
                End();
                break;
            case SessionProtocol.Drain:
                Send(SessionRequests.Error(ErrorCode.Unavailable, "the node is stopping; connect again when it is back, the VMs run on"));
                End();
                break;
            case SessionProtocol.InputFailed failed:
                _log.Broke(failed.Reason);
                Context.Stop(Self);
                break;
            case DrainOver when _closing:
                Context.Stop(Self);
                break;
            case DrainOver:
                Cut("its answers could not be delivered in time");
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void OnLines(SessionProtocol.LineBatch batch)
    {
        if (_closing)
        {
            Sender.Tell(SessionProtocol.Ack.Instance);
            return;
        }

        _heartbeats.Heard();
        _unread.Add(batch, Sender);
        if (batch.IsLate)
        {
            Dismiss(ErrorCode.TimedOut, "a line was begun and not ended in time; the connection is closed. Send a line without pauses");
        }

        TakeWhileRoom();
    }

    private void Take(InboundLine line)
    {
        if (line.SkippedBytes > 0)
        {
            Send(SessionRequests.Error(ErrorCode.TooLong, $"the line has {line.SkippedBytes} bytes and was skipped; a shorter one is right"));
            return;
        }

        if (_identity.Take(line.Bytes) is not var (message, from))
        {
            _denials.Count(_identity.Listener);
            return;
        }

        if (from is null && message is not Heartbeat)
        {
            _denials.Count(_identity.Listener);
            _requests.Deny(message, _identity.WhyNobody);
            return;
        }

        _requests.Handle(message, from);
    }

    // What is followed was followed by another one, with another one's leave.
    private void OnOtherSpeaker()
    {
        _evidence.DetachedAll("another one speaks on the connection, or nobody");
        _feeds.LeaveAll();
        _requests.ForgetFollowed();
        _log.Speaks(_identity.Listener);
    }

    private void OnDenied(WrappedLine line, Admission.Denied refused, Action then)
    {
        _log.Denied(line, refused.Message);
        _requests.Deny(line, refused, then);
    }

    private void OnChanged(HostMessages.VmChanged changed)
    {
        if (_requests.MayHear(_identity.Listener, changed.View) && _news.Take(changed.View))
        {
            Send(Translation.ToState(changed.View, requestId: null, broadcast: true, changed.Previous));
        }
    }

    // What is followed goes out as fast as the connection takes it, and no faster.
    private void PassOn()
    {
        if (!_closing && !_waitingForRoom && _feeds.Pass(_following.Ended) == SessionFeeds.Passed.Full)
        {
            WaitForRoom();
        }
    }

    private void AfterAnswer(bool answered)
    {
        if (answered)
        {
            TakeWhileRoom();
            EndIfDone();
        }
    }

    private void Send(ServerMessage message)
    {
        if (_closing)
        {
            return;
        }

        _log.Sent(message);
        _outbound.Add(message);
        if (_outbound.WaitingBytes > _settings.OutboundBytesMax)
        {
            Cut($"it does not read: {_outbound.WaitingBytes} bytes wait for it");
        }
        else if (_outbound.HasChunk)
        {
            TryFlush();
        }
        else if (!_flushing)
        {
            // What is already in the mailbox is answered first, and goes out in the same chunk.
            _flushing = true;
            Self.Tell(Flush.Instance);
        }
    }

    private void TryFlush()
    {
        if (_waitingForRoom || _outbound.TryFlush())
        {
            EndIfDone();
            return;
        }

        WaitForRoom();
    }

    private void WaitForRoom()
    {
        _waitingForRoom = true;
        _outbound.WaitForRoomAsync().AsTask().PipeTo(
            Self, success: open => new RoomThere(open), failure: _ => new RoomThere(Open: false));
    }

    private void OnRoom(bool open)
    {
        _waitingForRoom = false;
        if (!open)
        {
            Context.Stop(Self);
            return;
        }

        TryFlush();
        PassOn();
        TakeWhileRoom();
        EndIfDone();
    }

    // A list may be long, so nothing more is taken while one is asked for.
    private bool HasRoom =>
        _requests.OpenCount + _evidence.OpenCount < _settings.InFlightMax && !_evidence.IsDenying && !_requests.AwaitsList && _outbound.WaitingBytes < _settings.OutboundChunkBytes * 2;

    private void TakeWhileRoom()
    {
        while (HasRoom && _denials.Over is null && _unread.TryTake(out var line))
        {
            Take(line);
        }

        // With room again, the last one was answered.
        if (HasRoom && _denials.TakeOver() is { } why)
        {
            _unread.Clear();
            Dismiss(ErrorCode.TooMany, why);
        }

        if (_unread.IsEmpty && HasRoom)
        {
            _unread.Acknowledge();
        }
    }

    private void End()
    {
        if (!_ending)
        {
            _ending = true;
            Timers.Cancel(HeartbeatDue.Instance);
            Timers.StartSingleTimer(DrainOver.Instance, DrainOver.Instance, _settings.DrainTimeout);
        }

        EndIfDone();
    }

    private void EndIfDone()
    {
        if (_closing)
        {
            if (_inputEnded)
            {
                Context.Stop(Self);
            }
        }
        else if (_ending && _unread.IsEmpty && _requests.OpenCount + _evidence.OpenCount == 0 && !_waitingForRoom && _outbound.TryFlush())
        {
            Close();
        }
    }

    private void Close()
    {
        _closing = true;
        _outbound.Complete();
        if (_inputEnded)
        {
            Context.Stop(Self);
            return;
        }

        Timers.StartSingleTimer(DrainOver.Instance, DrainOver.Instance, _settings.Linger);
        _unread.Acknowledge();
    }

    // It is told why, and its answers still go out.
    private void Dismiss(ErrorCode code, string why)
    {
        _log.Closed(why);
        Send(SessionRequests.Error(code, why));
        End();
    }

    private void Cut(string why)
    {
        _log.Cut(why);
        Context.Stop(Self);
    }

    private void OnSweep()
    {
        // A key may have expired.
        _identity.Check();
        _requests.GiveUpOverdue();
        AfterAnswer(answered: true);
    }
}
