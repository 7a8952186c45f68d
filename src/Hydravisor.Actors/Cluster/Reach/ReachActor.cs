using Akka.Actor;
using Hydravisor.Actors.Logs;
using Hydravisor.Actors.Vms;
using static Hydravisor.Actors.Cluster.Reach.ReachMessages;

namespace Hydravisor.Actors.Cluster.Reach;

/// <summary>Opens what other nodes' sessions follow of this node's VMs.</summary>
internal sealed class ReachActor : UntypedActor
{
    /// <summary>Its name, below <c>/user</c>.</summary>
    public const string Name = "reach";

    private readonly VmPorts _ports;

    /// <summary>Makes it.</summary>
    public ReachActor(VmPorts ports) => _ports = ports;

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        var asker = Sender;
        switch (message)
        {
            case OpenLog or OpenTerminal or OpenDisk or OpenLink:
                Context.ActorOf(Props.Create(() => new FeedSender(_ports, message, asker)));
                break;
            case QueryLog query:
                _ports.Logs.QueryAsync(query.Id, Start(query.From), query.Limit, query.BytesMax).PipeTo(
                    asker,
                    Self,
                    read => new LogRead(read.Result.Kind, read.Result.Reason, read.Value.PayloadJson.ToArray(), read.Value.Next),
                    e => new LogRead(Hypervisors.OutcomeKind.Failed, e.Message, [], 0));
                break;
            case ReadRecording read:
                _ports.Recordings.ReadAsync(read.Id, read.Quest).PipeTo(
                    asker,
                    Self,
                    page => new RecordingRead(page.Result.Kind, page.Result.Reason, page.Value),
                    e => new RecordingRead(Hypervisors.OutcomeKind.Unavailable, e.Message, null));
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    /// <summary>A place in a log as it travels: its number, 0 for the end.</summary>
    internal static LogStart Start(long number) => number == 0 ? LogStart.Tail : LogStart.Seq(number);
}
