using Akka.Actor;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Bench.Scale;

/// <summary>A node's host as the others see it: with a host's own answers, and without VMs' actors, hypervisor and journal behind them.</summary>
internal sealed class SimulatedHost : UntypedActor
{
    private readonly string _node;
    private readonly Capacity _capacity;
    private readonly MemoryPlaces _places;
    private readonly Roster _roster = new();
    private readonly HostAnswers _answers;
    private readonly Followers _followers = new();
    private readonly List<RegistryEntry> _entries = [];

    /// <summary>Makes it.</summary>
    /// <param name="node">The node's name.</param>
    /// <param name="vms">The VMs that it has.</param>
    /// <param name="places">Where it writes down those that it makes.</param>
    public SimulatedHost(string node, IReadOnlyList<VmView> vms, MemoryPlaces places)
    {
        (_node, _places, _answers) = (node, places, new HostAnswers(node, _roster));
        foreach (var vm in vms)
        {
            Take(vm);
        }

        // Half full, and with room for all that is made here.
        var room = 2 * (vms.Count + 10_000);
        _capacity = new Capacity(room, room * Samples.Wish.RamBytes, 4L << 40, 4L << 40);
    }

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case VmQuery query:
                Sender.Tell(_roster.Views.TryGetValue(query.Id, out var view)
                    ? new VmReply.Granted(view, Already: true) { Correlation = query.Correlation }
                    : VmReply.NotThere(query.Id, query.Correlation));
                break;
            case HostMessages.CreateVm create:
                Make(create);
                break;
            case HostMessages.QueryNode query:
                Sender.Tell(new NodeView(
                    query.Correlation, _node, new Dictionary<string, string>(), Trouble: null, Cordon: null, Room.Of(_entries, _capacity, Samples.Settings), Samples.Settings.Limits, Samples.Images));
                break;
            case HostMessages.ListVms list:
                Sender.Tell(_answers.List(list, []));
                break;
            case HostMessages.Follow follow:
                Context.Watch(Sender);
                _followers.Add(follow.Id, Sender);
                break;
            case Terminated ended:
                _followers.Remove(ended.ActorRef);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Make(HostMessages.CreateVm create)
    {
        var vm = Samples.Vm(InstanceId.FromKey(create.Request.Principal.Agent, create.Request.RequestId!, 0), _node);
        Take(vm);
        _places.Add(vm);
        Sender.Tell(new VmReply.Granted(vm, Already: false) { Correlation = create.Correlation });
        _followers.Tell(vm.Id, new HostMessages.VmChanged(Previous: null, vm), Self);
    }

    private void Take(VmView vm)
    {
        _roster.Saw(vm);
        _entries.Add(Samples.Entry(vm));
    }
}
