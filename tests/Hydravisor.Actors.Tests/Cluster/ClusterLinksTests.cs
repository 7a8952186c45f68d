using System.Reflection;
using System.Security.Cryptography;
using Hydravisor.Actors.Cluster.Reach;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Live;
using Xunit.Abstractions;

namespace Hydravisor.Actors.Tests.Cluster;

/// <summary>Two hypervisors speak to each other over the links of the nodes.</summary>
public sealed class ClusterLinksTests : ReachSpec
{
    private readonly ClusterLinks _links;

    public ClusterLinksTests(ITestOutputHelper output)
        : base(output) => _links = new ClusterLinks(Members, Sys, TimeSpan.FromSeconds(20));

    [Fact]
    public async Task What_each_says_comes_to_the_other_as_it_was_said_and_in_order()
    {
        var other = Listen();
        var (up, down) = (RandomNumberGenerator.GetBytes(3_000_001), RandomNumberGenerator.GetBytes(2_500_003));
        await using (var here = (await _links.ConnectAsync("there", Samples.Id, LiveChannel.Memory)).Value!)
        {
            var (came, went) = (ReadAllAsync(other), ReadAllAsync(here));
            await Wait.For(Task.WhenAll(SayAsync(here, up), SayAsync(other, down)), "both said all");
            Assert.Equal(up, await Wait.For(came, "all of it came"));
            Assert.Equal(down, await Wait.For(went, "all of the answer came"));
        }
    }

    [Fact]
    public async Task A_connection_that_ends_at_one_end_ends_at_the_other_and_nobody_waits_for_ever()
    {
        var other = Listen();
        await using var here = (await _links.ConnectAsync("there", Samples.Id, LiveChannel.Memory)).Value!;
        await other.DisposeAsync();
        await Wait.For(
            Assert.ThrowsAsync<IOException>(async () =>
            {
                while (true)
                {
                    await here.WriteAsync(new byte[1000]);
                }
            }),
            "who speaks to nobody is told");
    }

    [Fact]
    public async Task One_that_was_ended_here_is_not_read_any_more()
    {
        var other = Listen();
        var here = (await _links.ConnectAsync("there", Samples.Id, LiveChannel.Memory)).Value!;
        var reading = here.ReadAsync(new byte[10]);
        await here.DisposeAsync();
        await Wait.For(Assert.ThrowsAsync<IOException>(() => reading), "who reads is told");
        Assert.Equal(0, await Wait.For(other.ReadAsync(new byte[10]), "and the other end"));
    }

    [Fact]
    public async Task A_node_that_expects_nobody_or_does_not_answer_says_so()
    {
        Serve(There.Ports);
        var refused = await _links.ConnectAsync("there", Samples.Id, LiveChannel.Memory);
        Assert.Equal(OutcomeKind.Unavailable, refused.Result.Kind);
        foreach (var name in new[] { "lost", "nowhere" })
        {
            Assert.Contains(name, (await _links.ConnectAsync(name, Samples.Id, LiveChannel.Memory)).Result.Reason, StringComparison.Ordinal);
        }
    }

    private static async Task SayAsync(LiveLink link, byte[] all)
    {
        for (var at = 0; at < all.Length;)
        {
            var piece = Math.Min(RandomNumberGenerator.GetInt32(1, 70_000), all.Length - at);
            await link.WriteAsync(all.AsMemory(at, piece));
            at += piece;
        }

        await link.EndAsync();
    }

    private static async Task<byte[]> ReadAllAsync(LiveLink link)
    {
        using var all = new MemoryStream();
        var piece = new byte[10_000];
        while (await link.ReadAsync(piece) is var read && read > 0)
        {
            all.Write(piece, 0, read);
        }

        return all.ToArray();
    }

    // The other node's hypervisor says that it listens, and this is where.
    private LiveLink Listen()
    {
        var (ours, theirs) = PipeLink.Pair();
        var hypervisor = DispatchProxy.Create<IHypervisor, Listening>();
        ((Listening)(object)hypervisor).Link = theirs;
        Serve(There.Ports with { Hypervisor = hypervisor });
        return ours;
    }

    /// <summary>A hypervisor that does nothing but to have somebody listen.</summary>
#pragma warning disable CA1852 // The proxy is made of a class that derives from it.
    internal class Listening : DispatchProxy
#pragma warning restore CA1852
    {
        public LiveLink? Link { get; set; }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => targetMethod?.Name == nameof(IHypervisor.ReceiveAsync)
            ? Task.FromResult(Outcome<LiveLink>.Done(Link!))
            : throw new NotSupportedException($"Nobody calls {targetMethod?.Name}.");
    }
}
