using Akka.Actor;
using Akka.Configuration;
using Akka.Remote;

namespace Hydravisor.Actors.Tests.Cluster;

/// <summary>How nodes of a cluster speak to each other: two actor systems, wired as nodes are, over ways that break.</summary>
public sealed class NodesThatComeBackTests
{
    // The one that stayed is just calling the killed one again, and the new one takes that call when its own was taken, or had to wait for the other's end.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_node_that_is_started_again_at_once_hears_those_who_call_it_while_it_calls_them(bool isReset)
    {
        await using var toStayed = new HeldWay();
        await using var toKilled = new HeldWay();
        var stayed = Node(toStayed);
        var killed = Node(toKilled);
        ActorSystem? back = null;
        try
        {
            var heard = Signal();
            stayed.ActorOf(Props.Create(() => new Echo(heard)), Echo.Name);
            killed.ActorOf(Props.Create(() => new Echo(Signal())), Echo.Name);
            await AnsweredAsync(stayed, toKilled);

            toKilled.BreakAndHold(isReset);
            toStayed.BreakAndHold(isReset);
            await killed.Terminate();
            using var calling = Calling(stayed, toKilled);
            await Wait.For(toKilled.Knocked, "the one that stayed calls again");

            back = Node(toKilled);
            toStayed.Go();
            using (Calling(back, toStayed))
            {
                await Wait.For(heard.Task, "the one that is back is heard");
            }

            var called = Signal();
            back.EventStream.Subscribe(back.ActorOf(Props.Create(() => new Echo(called))), typeof(AssociatedEvent));
            toKilled.Go();
            await Wait.For(called.Task, "the call that was held gets through");
            await AnsweredAsync(back, toStayed);
        }
        finally
        {
            await Task.WhenAll(stayed.Terminate(), killed.Terminate(), back?.Terminate() ?? Task.CompletedTask);
        }
    }

    /// <summary>A node's wiring, as far as nodes speak to each other.</summary>
    /// <param name="own">What is this one's own.</param>
    internal static Config InACluster(string own) =>
        ConfigurationFactory.ParseString(own + "\nakka.actor.provider = remote").WithFallback(Wired.GetConfig("hydravisor.in-a-cluster")).WithFallback(Wired);

    private static ActorSystem Node(HeldWay way) => ActorSystem.Create("hydravisor", InACluster(
        $$"""
        akka.remote.dot-netty.tcp { enable-ssl = off, connection-timeout = 2s, hostname = "127.0.0.1", port = {{way.Target}}, public-hostname = "127.0.0.1", public-port = {{way.Port}} }
        """));

    private static Config Wired { get; } = ConfigurationFactory.ParseString(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "hocon", "akka.conf")));

    private static ActorSelection At(ActorSystem from, HeldWay way) => from.ActorSelection($"akka.tcp://hydravisor@127.0.0.1:{way.Port}/user/{Echo.Name}");

    private static Timer Calling(ActorSystem from, HeldWay to, IActorRef? answered = null) =>
        new(_ => At(from, to).Tell("call", answered ?? ActorRefs.NoSender), state: null, TimeSpan.Zero, TimeSpan.FromMilliseconds(50));

    private static async Task AnsweredAsync(ActorSystem from, HeldWay to)
    {
        var answered = Signal();
        var asker = from.ActorOf(Props.Create(() => new Echo(answered)));
        using var calling = Calling(from, to, asker);
        await Wait.For(answered.Task, "an answer");
    }

    private static TaskCompletionSource Signal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed class Echo(TaskCompletionSource heard) : UntypedActor
    {
        public const string Name = "echo";

        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case AssociatedEvent { IsInbound: false }:
                    break;
                case "call":
                    heard.TrySetResult();
                    Sender.Tell("answer");
                    break;
                default:
                    heard.TrySetResult();
                    break;
            }
        }
    }
}
