using System.Collections.Immutable;
using System.Security.Cryptography;
using Akka.Actor;
using Hydravisor.Actors.Cluster;
using Hydravisor.Actors.Cluster.Reach;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Disks;
using Xunit.Abstractions;

namespace Hydravisor.Actors.Tests.Cluster;

/// <summary>A disk comes from another node, whole or not at all.</summary>
public sealed class ClusterDisksTests : HydravisorSpec, IAsyncLifetime
{
    private const string Wired = """
        akka.actor.provider = cluster
        akka.remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }

        """;

    private readonly SimulatedNode _there = new();
    private readonly TemporaryDirectory _here = new();
    private readonly Members _members = new("here");
    private readonly ClusterDisks _disks;
    private readonly NodeDisks _own;

    public ClusterDisksTests(ITestOutputHelper output)
        : base(output, Wired)
    {
        var address = Akka.Cluster.Cluster.Get(Sys).SelfAddress;
        _members.Set(ImmutableSortedDictionary.Create<string, Member>(StringComparer.Ordinal)
            .Add("there", new Member("there", address, 1, MemberStanding.Up, IsReachable: true, Samples.Noon))
            .Add("lost", new Member("lost", address, 2, MemberStanding.Up, IsReachable: false, Samples.Noon)));
        _disks = new ClusterDisks(_members, Sys, TimeSpan.FromSeconds(20), TimeProvider.System);
        _own = new NodeDisks(_here.Path, id => Path.Combine(_here.Path, id.Value), _ => throw new InvalidOperationException("Nobody looks here."));
    }

    public async Task InitializeAsync()
    {
        var came = new TaskCompletionSource();
        _there.Hypervisor.Begin(news =>
        {
            if (news is HypervisorNews.Connected)
            {
                came.TrySetResult();
            }
        });
        await Wait.For(came.Task, "the hypervisor is reached");
        var made = await _there.Hypervisor.ProvisionAsync(Samples.Plan());
        Assert.True(made.IsDone, made.Reason);
    }

    public async Task DisposeAsync()
    {
        using (_here)
        {
            await Sys.Terminate();
            await _there.DisposeAsync();
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(64 * 1024)]
    [InlineData(5_000_001)]
    public async Task A_disk_of_any_size_comes_as_it_is(int length)
    {
        Serve();
        var bytes = RandomNumberGenerator.GetBytes(length);
        await File.WriteAllBytesAsync(DiskThere(), bytes);
        var came = await BringAsync("there");
        Assert.True(came.IsDone, came.Reason);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(ImportedDisk.Of(_here.Path, Samples.Id).Whole));
    }

    [Fact]
    public async Task A_disk_that_cannot_be_had_is_refused_with_the_reason_and_nothing_stays()
    {
        Serve();
        Assert.True((await _there.Hypervisor.StartAsync(Samples.Plan(), 1)).IsDone);
        var runs = await BringAsync("there");
        Assert.Equal(OutcomeKind.Failed, runs.Kind);
        Assert.Contains("the domain is Running", runs.Reason, StringComparison.Ordinal);
        Assert.Equal(OutcomeKind.Unavailable, (await BringAsync("lost")).Kind);
        Assert.Equal(OutcomeKind.Unavailable, (await BringAsync("nobody")).Kind);
        Assert.Empty(ImportedDisk.All(_here.Path));
    }

    [Fact]
    public async Task A_node_that_dies_in_the_midst_of_it_leaves_nothing()
    {
        Sys.ActorOf(Props.Create(() => new Dying()), ReachActor.Name);
        var lost = await BringAsync("there");
        Assert.Equal(OutcomeKind.Unavailable, lost.Kind);
        Assert.Empty(ImportedDisk.All(_here.Path));
    }

    [Fact]
    public async Task Who_gives_it_up_has_nothing_of_it()
    {
        Serve();
        var given = await BringAsync("there", new CancellationToken(canceled: true));
        Assert.Equal(OutcomeKind.Unavailable, given.Kind);
        Assert.Empty(ImportedDisk.All(_here.Path));
    }

    private void Serve() => Sys.ActorOf(Props.Create(() => new ReachActor(_there.Ports)), ReachActor.Name);

    private string DiskThere() => Path.Combine(Path.GetDirectoryName(_there.Hypervisor.LogsOf(Samples.Id).Console)!, "disk.qcow2");

    private async Task<Outcome> BringAsync(string node, CancellationToken stop = default)
    {
        await using var writing = (await _own.ImportAsync(Samples.Id, _ => Outcome.Done)).Value!;
        return await Wait.For(_disks.BringAsync(node, Samples.Id, writing, stop), "the disk comes");
    }

    private sealed class Dying : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            Sender.Tell(new ReachMessages.Opened(OutcomeKind.Done, "", 0));
            Sender.Tell(new ReachMessages.Lines(new byte[1000]));
            Context.Stop(Self);
        }
    }
}
