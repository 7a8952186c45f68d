using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Akka.Remote.Transport;

namespace Hydravisor.Actors.Cluster;

/// <summary>The connections between nodes, over TLS, as Akka.NET makes them, but that a handshake which fails ends the connection and not the node.</summary>
/// <remarks>
/// Akka.NET (1.5.74) has the whole actor system shut down where a connection that it makes fails in the TLS handshake, whatever the reason: a node that is
/// killed, or ends, at such an instant took others with it. The transport beneath is given an actor system of its own for that, with nothing in it to shut
/// down; what it logs is logged here. See docs/decisions/0027-a-failed-handshake-ends-no-node.md.
/// </remarks>
internal sealed class SteadyTransport : Transport
{
    private const string Beneath = "Akka.Remote.Transport.DotNetty.TcpTransport, Akka.Remote";
    private readonly Transport _beneath;

    /// <summary>Called by Akka.Remote, which finds it by <c>transport-class</c>.</summary>
    /// <param name="system">The node's actor system.</param>
    /// <param name="config">The transport's configuration.</param>
    public SteadyTransport(ActorSystem system, Config config)
    {
        (System, Config) = (system, config);
        _beneath = (Transport)Activator.CreateInstance(Type.GetType(Beneath, throwOnError: true)!, system, config)!;

        // Of the same name, which becomes a part of the node's address.
        var quiet = ActorSystem.Create(system.Name, ConfigurationFactory.ParseString(
            """
            akka {
              actor.provider = local
              loggers = []
              stdout-loglevel = OFF
              loglevel = DEBUG
              log-dead-letters = off
              coordinated-shutdown { terminate-actor-system = off, run-by-actor-system-terminate = off, run-by-clr-shutdown-hook = off, exit-clr = off }
            }
            """));

        // Not in Shutdown, which is not called where nobody could listen.
        system.RegisterOnTermination(() => quiet.Terminate());
        typeof(Transport).GetProperty(nameof(System))!.GetSetMethod(nonPublic: true)!.Invoke(_beneath, [quiet]);
        quiet.EventStream.Subscribe(quiet.ActorOf(Props.Create(() => new Teller(system.EventStream)), "teller"), typeof(LogEvent));
    }

    /// <inheritdoc/>
    public override string SchemeIdentifier => _beneath.SchemeIdentifier;

    /// <inheritdoc/>
    public override long MaximumPayloadBytes => _beneath.MaximumPayloadBytes;

    /// <inheritdoc/>
    public override Task<(Address, TaskCompletionSource<IAssociationEventListener>)> Listen() => _beneath.Listen();

    /// <inheritdoc/>
    public override bool IsResponsibleFor(Address remote) => _beneath.IsResponsibleFor(remote);

    /// <inheritdoc/>
    public override Task<AssociationHandle> Associate(Address remoteAddress) => _beneath.Associate(remoteAddress);

    /// <inheritdoc/>
    public override Task<bool> ManagementCommand(object message) => _beneath.ManagementCommand(message);

    /// <inheritdoc/>
    public override Task<bool> Shutdown() => _beneath.Shutdown();

    // What is logged beneath, said by the node.
    private sealed class Teller(EventStream to) : UntypedActor
    {
        protected override void OnReceive(object message) => to.Publish(message);
    }
}
