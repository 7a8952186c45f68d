using System.Net;
using System.Text;
using System.Threading.Channels;
using Akka.Actor;
using Akka.TestKit;
using Hydravisor.Actors.Access;
using Hydravisor.Actors.Access.Agents;
using Hydravisor.Actors.Cluster;
using Hydravisor.Actors.Cluster.Reach;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Sessions;
using Hydravisor.Actors.Tests.Journal;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;
using Xunit.Abstractions;

namespace Hydravisor.Actors.Tests.Sessions;

/// <summary>A session between a probe that stands for the directory and a channel that stands for the socket.</summary>
public abstract class SessionSpec : HydravisorSpec, IAsyncLifetime
{
    protected const string Id = "vm-23ac1a9d";
    private readonly Channel<ReadOnlyMemory<byte>> _outbound = Channel.CreateBounded<ReadOnlyMemory<byte>>(2);
    private readonly Queue<string> _lines = [];
    private readonly SimulatedNode _simulated = new();

    protected SessionSpec(ITestOutputHelper output)
        : base(output)
    {
        Node = CreateTestProbe("node");
        Stream = CreateTestProbe("stream");
    }

    protected TestProbe Node { get; }

    protected TestProbe Stream { get; }

    private protected HeardLedger Ledger => _simulated.Ledger;

    private protected VmPorts Ports => _simulated.Ports;

    private protected ChannelReader<ReadOnlyMemory<byte>> Outbound => _outbound.Reader;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await Sys.Terminate();
        await _simulated.DisposeAsync();
    }

    private protected IActorRef Open(Policy? policy = null, SessionSettings? settings = null)
    {
        var parts = new SessionParts(
            new ProbeDirectory(Node), new LocalFeeds(_simulated.Ports), _simulated.Ports.Ledger, new AccessControl(policy ?? new Policy("trusted", "none"), AgentBook.Empty, null, TimeProvider.System), settings ?? Settings.Session, TimeProvider.System);
        var connection = new Connection("c1", new IPEndPoint(IPAddress.Loopback, 1), _outbound.Writer);
        return Sys.ActorOf(Props.Create(() => new SessionActor(connection, parts)));
    }

    protected void Say(IActorRef session, params string[] lines) =>
        session.Tell(new SessionProtocol.LineBatch([.. lines.Select(line => new InboundLine(Encoding.UTF8.GetBytes(line), 0))]), Stream);

    protected async Task<ServerMessage> Heard()
    {
        while (_lines.Count == 0)
        {
            var chunk = await _outbound.Reader.ReadAsync().AsTask().WaitAsync(Wait.Limit);
            foreach (var line in Encoding.UTF8.GetString(chunk.Span).Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                _lines.Enqueue(line);
            }
        }

        return LineCodec.DecodeServer(Encoding.UTF8.GetBytes(_lines.Dequeue()));
    }

    private protected static VmView View() => new(
        InstanceId.Parse(Id), "node-1", "anonymous", VmPhase.Running, Samples.Noon, null, 1, 5, "web", "tiny", 1, 512 << 20, 0,
        NetworkMode.None, null, new Dictionary<string, string>(), false);

    private sealed class ProbeDirectory(IActorRef probe) : IVmDirectory
    {
        public string? Refusal => null;

        public void Tell(IVmMessage message, IActorRef sender) => probe.Tell(message, sender);

        public void Create(HostMessages.CreateVm create, IActorRef sender) => probe.Tell(create, sender);

        public void List(HostMessages.ListVms list, IActorRef sender) => probe.Tell(list, sender);

        public void Nodes(HostMessages.QueryNodes query, IActorRef sender) => probe.Tell(query, sender);

        public void Cordon(HostMessages.SetCordon set, IActorRef sender) => probe.Tell(set, sender);

        public void Follow(HostMessages.Follow follow, IActorRef sender) => probe.Tell(follow, sender);
    }
}
