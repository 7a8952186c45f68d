using System.Security.Cryptography;
using Akka.Actor;
using Hydravisor.Actors.Cluster.Reach;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Disks;
using Xunit.Abstractions;

namespace Hydravisor.Actors.Tests.Cluster;

/// <summary>A disk comes from another node, whole or not at all.</summary>
public sealed class ClusterDisksTests : ReachSpec
{
    private readonly TemporaryDirectory _here = new();
    private readonly ClusterDisks _disks;
    private readonly NodeDisks _own;

    public ClusterDisksTests(ITestOutputHelper output)
        : base(output)
    {
        _disks = new ClusterDisks(Members, Sys, TimeSpan.FromSeconds(20), TimeProvider.System);
        _own = new NodeDisks(_here.Path, id => Path.Combine(_here.Path, id.Value), _ => throw new InvalidOperationException("Nobody looks here."));
    }

    public override async Task InitializeAsync()
    {
        var came = new TaskCompletionSource();
        There.Hypervisor.Begin(news =>
        {
            if (news is HypervisorNews.Connected)
            {
                came.TrySetResult();
            }
        });
        await Wait.For(came.Task, "the hypervisor is reached");
        var made = await There.Hypervisor.ProvisionAsync(Samples.Plan());
        Assert.True(made.IsDone, made.Reason);
    }

    public override async Task DisposeAsync()
    {
        using (_here)
        {
            await base.DisposeAsync();
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(64 * 1024)]
    [InlineData(5_000_001)]
    public async Task A_disk_of_any_size_comes_as_it_is(int length)
    {
        Serve(There.Ports);
        var bytes = RandomNumberGenerator.GetBytes(length);
        await File.WriteAllBytesAsync(DiskThere(), bytes);
        var came = await BringAsync("there");
        Assert.True(came.IsDone, came.Reason);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(ImportedDisk.Of(_here.Path, Samples.Id).Whole));
    }

    [Fact]
    public async Task A_disk_that_cannot_be_had_is_refused_with_the_reason_and_nothing_stays()
    {
        Serve(There.Ports);
        Assert.True((await There.Hypervisor.StartAsync(Samples.Plan(), 1)).IsDone);
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
        Serve(There.Ports);
        var given = await BringAsync("there", new CancellationToken(canceled: true));
        Assert.Equal(OutcomeKind.Unavailable, given.Kind);
        Assert.Empty(ImportedDisk.All(_here.Path));
    }

    private string DiskThere() => Path.Combine(Path.GetDirectoryName(There.Hypervisor.LogsOf(Samples.Id).Console)!, "disk.qcow2");

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
