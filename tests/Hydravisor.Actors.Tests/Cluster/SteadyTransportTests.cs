using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Event;
using Hydravisor.Actors.Setup;
using Hydravisor.Actors.Tests.Gateway.Tls;

namespace Hydravisor.Actors.Tests.Cluster;

/// <summary>Nodes of a cluster that speak TLS, and one that ends before it has said who it is.</summary>
public sealed class SteadyTransportTests : IDisposable
{
    private readonly TlsDirectory _tls = new();

    public void Dispose() => _tls.Dispose();

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task A_node_lives_on_and_says_so_when_the_one_that_it_calls_ends_amid_the_handshake(bool reads, bool resets)
    {
        using var killed = new TcpListener(IPAddress.Loopback, 0);
        killed.Start();
        var node = Node();
        var there = Node();
        try
        {
            var (said, answered) = (Signal(), Signal());
            node.EventStream.Subscribe(Hearing(node, message => message is Error && $"{message}".Contains("TLS handshake failed", StringComparison.Ordinal), said), typeof(Error));
            using var calling = Calling(node, (IPEndPoint)killed.LocalEndpoint);
            for (var call = 0; call < 2; call++)
            {
                using var socket = await Wait.For(killed.AcceptSocketAsync(), "the node calls, and calls again");
                if (reads)
                {
                    await Wait.For(socket.ReceiveAsync(new byte[1]), "the beginning of the handshake");
                }

                socket.LingerState = new LingerOption(enable: resets, seconds: 0);
            }

            await Wait.For(said.Task, "it is said what was wrong");
            Assert.Null(CoordinatedShutdown.Get(node).ShutdownReason);

            Hearing(there, _ => false, Signal(), "echo");
            var asker = Hearing(node, message => message is "answer", answered);
            using var asking = Calling(node, AddressOf(there), asker);
            await Wait.For(answered.Task, "an answer of a node that lives");
            Assert.False(node.WhenTerminated.IsCompleted);
        }
        finally
        {
            await Task.WhenAll(node.Terminate(), there.Terminate());
        }
    }

    private ActorSystem Node() => ActorSystem.Create("hydravisor", ActorSystemSetup.Create(
        ClusterWiring.Tls(_tls.InCluster(new IPEndPoint(IPAddress.Loopback, 1))),
        BootstrapSetup.Create().WithConfig(NodesThatComeBackTests.InACluster("""akka.remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }"""))));

    private static IPEndPoint AddressOf(ActorSystem system) => new(IPAddress.Loopback, ((ExtendedActorSystem)system).Provider.DefaultAddress.Port!.Value);

    private static Timer Calling(ActorSystem from, IPEndPoint to, IActorRef? sender = null) =>
        new(_ => from.ActorSelection($"akka.ssl.tcp://hydravisor@{to}/user/echo").Tell("call", sender ?? ActorRefs.NoSender), state: null, TimeSpan.Zero, TimeSpan.FromMilliseconds(50));

    private static IActorRef Hearing(ActorSystem system, Func<object, bool> wanted, TaskCompletionSource heard, string? name = null) =>
        system.ActorOf(Props.Create(() => new Hears(wanted, heard)), name);

    private static TaskCompletionSource Signal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed class Hears(Func<object, bool> wanted, TaskCompletionSource heard) : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            if (message is "call")
            {
                Sender.Tell("answer");
            }

            if (wanted(message))
            {
                heard.TrySetResult();
            }
        }
    }
}
