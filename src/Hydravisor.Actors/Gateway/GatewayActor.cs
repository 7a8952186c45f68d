using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Akka;
using Akka.Actor;
using Akka.Event;
using Akka.IO;
using Akka.Streams;
using Akka.Streams.Dsl;
using Akka.Streams.Implementation.IO;
using Hydravisor.Actors.Gateway.Tls;
using Hydravisor.Actors.Sessions;
using Hydravisor.Protocol;
using Tcp = Akka.IO.Tcp;

namespace Hydravisor.Actors.Gateway;

/// <summary>Listens, and gives each connection a session. The parent of all sessions.</summary>
/// <remarks>
/// <code><![CDATA[
/// binding ──> serving ── drain ──> draining ──> gone
/// ]]></code>
/// Akka's listener has neither a limit nor back-pressure for connections, so they are counted here; the excess is told so.
/// It knows no TLS either: for that there is a listener of our own, and behind it all is the same.
/// </remarks>
internal sealed class GatewayActor : UntypedActor, IWithTimers
{
    private const int OutboundChunks = 16;

    // Connections that the system holds until they are accepted. Akka's 100 are few when a thousand agents come back at once: the others wait a second.
    private const int Backlog = 1024;

    // Lines in ten seconds about who was not let in.
    private const int ReportsMax = 50;

    // Who is refused is told so for a moment. More of them at once are closed without a word.
    private const int RefusedMax = 256;
    private static readonly Tcp.ResumeAccepting ResumeAccepting = new(1);
    private readonly GatewaySettings _settings;
    private readonly SessionParts _parts;
    private readonly TlsWatch? _tls;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly ReportRate _reports;
    private readonly Dictionary<IActorRef, IPAddress> _sessions = [];
    private readonly SharedKillSwitch _stop = KillSwitches.Shared("gateway");
    private readonly ActorMaterializer _materializer = Context.Materializer();
    private readonly List<UnhandledMessage> _early = [];
    private IActorRef? _asker;
    private IActorRef? _listener;
    private Action? _unbind;
    private IActorRef? _drainer;
    private long _connections;
    private int _refused;

    /// <summary>Makes the gateway.</summary>
    /// <param name="settings">Its limits.</param>
    /// <param name="parts">What all sessions share.</param>
    /// <param name="tls">What it shows its peers; null: it speaks plainly.</param>
    public GatewayActor(GatewaySettings settings, SessionParts parts, TlsWatch? tls)
    {
        _settings = settings;
        _parts = parts;
        _tls = tls;
        _reports = new ReportRate(ReportsMax, TimeSpan.FromSeconds(10), parts.Time);
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Bind:
                StartListening(Sender);
                break;
            case Bound bound:
                _unbind = bound.Unbind;
                _log.Info("listening on {Endpoint}, {Kind}", bound.Endpoint, _tls is null ? "plain" : "TLS 1.3");
                bound.Asker.Tell(new Listening(bound.Endpoint));
                break;
            case BindFailed failed:
                failed.Asker.Tell(new CannotListen(failed.Reason));
                break;
            case Incoming incoming:
                Accept(incoming);
                break;
            case RefusedEnded:
                _refused--;
                break;
            case Terminated ended:
                _sessions.Remove(ended.ActorRef);
                DrainedIfEmpty();
                break;
            case Drain:
                _drainer = Sender;
                StopServing();
                break;
            case DrainOver:
                _stop.Shutdown();
                _drainer?.Tell(Done.Instance);
                break;
            default:
                OnListener(message);
                break;
        }
    }

    // What listeners say.
    private void OnListener(object message)
    {
        switch (message)
        {
            case UnhandledMessage early:
                _early.Add(early);
                break;
            case Tcp.Bound bound:
                _listener = Sender;
                HandBack(_listener);
                _listener.Tell(ResumeAccepting);
                Self.Tell(new Bound((IPEndPoint)bound.LocalAddress, () => _listener.Tell(Tcp.Unbind.Instance), _asker!));
                break;
            case Tcp.CommandFailed { Cmd: Tcp.Bind } failed:
                HandBack(Sender);
                Self.Tell(new BindFailed(failed.Cause.HasValue ? failed.Cause.Value.GetBaseException().Message : "the address cannot be bound", _asker!));
                break;
            case Tcp.Unbound:
                break;
            case Tcp.Connected connected:
                Accept(Plain(connected, Sender));
                _listener?.Tell(ResumeAccepting);
                break;
            case HandshakeFailed failed when _reports.TryTake(out var before):
                _log.Warning("a TLS handshake with {Remote} failed: {Reason}{Before}", failed.Remote, failed.Reason, before);
                break;
            case CannotAccept cannot when _reports.TryTake(out var before):
                _log.Warning("nobody could be accepted for a moment: {Reason}{Before}", cannot.Reason, before);
                break;
            case HandshakeFailed or CannotAccept:
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    /// <inheritdoc/>
    protected override void PostStop() => _unbind?.Invoke();

    private void StartListening(IActorRef asker)
    {
        if (_tls is not null)
        {
            StartTls(_tls, asker);
            return;
        }

        _asker = asker;
        Context.System.EventStream.Subscribe(Self, typeof(UnhandledMessage));
        Context.System.Tcp().Tell(new Tcp.Bind(Self, _settings.Listen, Backlog, pullMode: true));
    }

    // Akka's listener accepts before it knows that it listens, and drops whom it accepted by then, each with one of the few places in which it accepts: where some
    // knock at that moment, as those do whose node starts again, nobody is ever accepted. What it left unhandled it is given again.
    private void HandBack(IActorRef listener)
    {
        Context.System.EventStream.Unsubscribe(Self, typeof(UnhandledMessage));
        foreach (var early in _early.Where(early => early.Recipient.Equals(listener)))
        {
            listener.Tell(early.Message);
        }

        _early.Clear();
    }

    // As Akka.Streams does it, whose own Bind takes a name and resolves it, and so knows no address that stands for all.
    private Incoming Plain(Tcp.Connected connected, IActorRef connection)
    {
        var (remote, materializer) = ((IPEndPoint)connected.RemoteAddress, _materializer);
        var transport = Flow.FromGraph(new IncomingConnectionStage(connection, remote, halfClose: true)).Detach();
        return new Incoming(remote, null, flow => transport.Join(flow).Run(materializer));
    }

    private void StartTls(TlsWatch tls, IActorRef asker)
    {
        var (self, settings, materializer) = (Self, _settings, _materializer);
        var handshakes = new TlsHandshakes(tls, _parts.Time, (remote, reason) => self.Tell(new HandshakeFailed(remote, reason)));
        try
        {
            var listener = TlsListener.Start(
                settings.Listen,
                Backlog,
                handshakes,
                _parts.Time,
                connection => self.Tell(new Incoming(
                    connection.Remote, connection.Peer, flow => _ = connection.HandleWithAsync(flow, settings.StallMax, materializer))),
                reason => self.Tell(new CannotAccept(reason)));
            Self.Tell(new Bound(listener.LocalEndPoint, listener.Dispose, asker));
        }
        catch (SocketException e)
        {
            Self.Tell(new BindFailed(e.Message, asker));
        }
    }

    private void Accept(Incoming connection)
    {
        var remote = connection.Remote;
        if (_drainer is not null)
        {
            Refuse(connection, ErrorCode.Unavailable, "the node is stopping; connect again when it is back");
        }
        else if (_sessions.Count >= _settings.ConnectionsMax)
        {
            Refuse(connection, ErrorCode.TooMany, $"the node serves {_sessions.Count} connections, which is the most; close one, or try again later");
        }
        else if (_sessions.Values.Count(remote.Address.Equals) >= _settings.ConnectionsPerAddressMax)
        {
            Refuse(connection, ErrorCode.TooMany, $"the node serves {_settings.ConnectionsPerAddressMax} connections from {remote.Address}, which is the most; close one");
        }
        else
        {
            Serve(connection);
        }
    }

    private void Serve(Incoming connection)
    {
        var id = $"c{++_connections}";
        var outbound = Channel.CreateBounded<ReadOnlyMemory<byte>>(new BoundedChannelOptions(OutboundChunks) { SingleReader = true, SingleWriter = true });
        var (parts, remote, tls) = (_parts, connection.Remote, connection.Tls);
        var session = Context.ActorOf(Props.Create(() => new SessionActor(new Connection(id, remote, outbound.Writer, tls), parts)), id);
        Context.Watch(session);
        _sessions[session] = remote.Address;
        connection.HandleWith(ConnectionGraph.Served(session, outbound.Reader, _settings, _stop));
    }

    private void Refuse(Incoming connection, ErrorCode code, string message)
    {
        if (_reports.TryTake(out var before))
        {
            _log.Warning("a connection from {Remote} was refused: {Reason}{Before}", connection.Remote, message, before);
        }

        if (_refused >= RefusedMax)
        {
            connection.HandleWith(ConnectionGraph.Dropped);
            return;
        }

        _refused++;
        var self = Self;
        connection.HandleWith(ConnectionGraph.Refused(new ErrorMessage { Code = code, Message = message }, () => self.Tell(RefusedEnded.Instance)));
    }

    private void StopServing()
    {
        // It goes on to listen until they are gone, and tells who comes: with Akka's listener its connections would end too, at once.
        foreach (var session in _sessions.Keys)
        {
            session.Tell(SessionProtocol.Drain.Instance);
        }

        Timers.StartSingleTimer(DrainOver.Instance, DrainOver.Instance, _settings.DrainTimeout);
        DrainedIfEmpty();
    }

    private void DrainedIfEmpty()
    {
        if (_drainer is not null && _sessions.Count == 0)
        {
            _unbind?.Invoke();
            _drainer.Tell(Done.Instance);
        }
    }

    /// <summary>Listen; answered by <see cref="Listening"/> or <see cref="CannotListen"/>.</summary>
    internal sealed record Bind : INoSerializationVerificationNeeded;

    /// <summary>The gateway listens there.</summary>
    internal sealed record Listening(IPEndPoint Endpoint) : INoSerializationVerificationNeeded;

    /// <summary>The gateway cannot listen.</summary>
    internal sealed record CannotListen(string Reason) : INoSerializationVerificationNeeded;

    /// <summary>Take nobody more, let the sessions end; answered by <see cref="Done"/>.</summary>
    internal sealed record Drain : INoSerializationVerificationNeeded;

    private sealed record Bound(IPEndPoint Endpoint, Action Unbind, IActorRef Asker) : INoSerializationVerificationNeeded;

    private sealed record BindFailed(string Reason, IActorRef Asker) : INoSerializationVerificationNeeded;

    private sealed record HandshakeFailed(IPEndPoint Remote, string Reason) : INoSerializationVerificationNeeded;

    private sealed record CannotAccept(string Reason) : INoSerializationVerificationNeeded;

    private sealed record RefusedEnded : INoSerializationVerificationNeeded
    {
        public static RefusedEnded Instance { get; } = new();
    }

    private sealed record DrainOver : INoSerializationVerificationNeeded
    {
        public static DrainOver Instance { get; } = new();
    }
}
