using System.Net;
using System.Threading.Channels;
using Akka;
using Akka.Actor;
using Akka.Event;
using Akka.Streams;
using Akka.Streams.Dsl;
using Hydravisor.Actors.Sessions;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Gateway;

/// <summary>Listens, and gives each connection a session. The parent of all sessions.</summary>
/// <remarks>
/// <code><![CDATA[
/// binding ──> serving ── drain ──> draining ──> gone
/// ]]></code>
/// Akka's listener has neither a limit nor back-pressure for connections, so they are counted here; the excess is told so.
/// </remarks>
internal sealed class GatewayActor : UntypedActor, IWithTimers
{
    private const int OutboundChunks = 16;

    // Connections that the system holds until they are accepted. Akka's 100 are few when a thousand agents come back at once: the others wait a second.
    private const int Backlog = 1024;
    private readonly GatewaySettings _settings;
    private readonly SessionParts _parts;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Dictionary<IActorRef, IPAddress> _sessions = [];
    private readonly SharedKillSwitch _stop = KillSwitches.Shared("gateway");
    private readonly ActorMaterializer _materializer = Context.Materializer();
    private Tcp.ServerBinding? _binding;
    private IActorRef? _drainer;
    private long _connections;

    /// <summary>Makes the gateway.</summary>
    public GatewayActor(GatewaySettings settings, SessionParts parts)
    {
        _settings = settings;
        _parts = parts;
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
                _binding = bound.Binding;
                _log.Info("listening on {Endpoint}", bound.Binding.LocalAddress);
                bound.Asker.Tell(new Listening((IPEndPoint)bound.Binding.LocalAddress));
                break;
            case BindFailed failed:
                failed.Asker.Tell(new CannotListen(failed.Reason));
                break;
            case ListenerEvent:
                Sender.Tell(SessionProtocol.Ack.Instance);
                break;
            case Tcp.IncomingConnection connection:
                Accept(connection);
                Sender.Tell(SessionProtocol.Ack.Instance);
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
                Unhandled(message);
                break;
        }
    }

    private void StartListening(IActorRef asker)
    {
        var sink = Sink.ActorRefWithAck<Tcp.IncomingConnection>(
            Self, ListenerEvent.Instance, SessionProtocol.Ack.Instance, ListenerEvent.Instance, _ => ListenerEvent.Instance);
        Context.System.TcpStream()
            .Bind(_settings.Listen.Address.ToString(), _settings.Listen.Port, Backlog, halfClose: true)
            .To(sink)
            .Run(_materializer)
            .PipeTo(Self, success: binding => new Bound(binding, asker), failure: e => new BindFailed(e.GetBaseException().Message, asker));
    }

    private void Accept(Tcp.IncomingConnection connection)
    {
        var remote = (IPEndPoint)connection.RemoteAddress;
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
            Serve(connection, remote);
        }
    }

    private void Serve(Tcp.IncomingConnection connection, IPEndPoint remote)
    {
        var id = $"c{++_connections}";
        var outbound = Channel.CreateBounded<ReadOnlyMemory<byte>>(new BoundedChannelOptions(OutboundChunks) { SingleReader = true, SingleWriter = true });
        var parts = _parts;
        var session = Context.ActorOf(Props.Create(() => new SessionActor(new Connection(id, remote, outbound.Writer), parts)), id);
        Context.Watch(session);
        _sessions[session] = remote.Address;
        connection.HandleWith(ConnectionGraph.Served(session, outbound.Reader, _settings, _stop), _materializer);
    }

    private void Refuse(Tcp.IncomingConnection connection, ErrorCode code, string message)
    {
        _log.Warning("a connection from {Remote} was refused: {Reason}", connection.RemoteAddress, message);
        connection.HandleWith(ConnectionGraph.Refused(new ErrorMessage { Code = code, Message = message }), _materializer);
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
            _binding?.Unbind();
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

    private sealed record Bound(Tcp.ServerBinding Binding, IActorRef Asker) : INoSerializationVerificationNeeded;

    private sealed record BindFailed(string Reason, IActorRef Asker) : INoSerializationVerificationNeeded;

    private sealed record ListenerEvent : INoSerializationVerificationNeeded
    {
        public static ListenerEvent Instance { get; } = new();
    }

    private sealed record DrainOver : INoSerializationVerificationNeeded
    {
        public static DrainOver Instance { get; } = new();
    }
}
