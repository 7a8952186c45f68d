using System.Diagnostics;
using Akka.Actor;
using Hydravisor.Actors.Cluster;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Vms;
using Hydravisor.Bench.Results;
using Hydravisor.Protocol;

namespace Hydravisor.Bench.Scale;

/// <summary>What directory and placement cost in a simulated cluster.</summary>
internal sealed class ClusterCosts
{
    private const int Window = 256;
    private const int LookupsPerRound = 20_000;
    private const int CreationsPerRound = 1_000;
    private const int Followers = 1_000;
    private const int FollowedByEach = 10;
    private static readonly TimeSpan Stale = TimeSpan.FromSeconds(1.1);

    private readonly string _bench;
    private readonly int _rounds;
    private readonly SimulatedCluster _cluster;
    private readonly IActorRef _session;
    private readonly List<Measurement> _measured = [];
    private int _created;

    private ClusterCosts(string bench, int rounds, SimulatedCluster cluster) => (_bench, _rounds, _cluster, _session) = (bench, rounds, cluster, cluster.NewSession());

    /// <summary>Measures.</summary>
    /// <param name="bench">The bench.</param>
    /// <param name="size">How large the cluster is.</param>
    /// <param name="rounds">How often.</param>
    public static async Task<IReadOnlyList<Measurement>> MeasureAsync(string bench, ClusterSize size, int rounds)
    {
        await using var cluster = new SimulatedCluster(size);
        var costs = new ClusterCosts(bench, rounds, cluster);
        await costs.LookUpAsync();
        var directory = await costs.RememberAsync();
        await costs.ListAsync(directory);
        await costs.FollowAsync(directory);
        await costs.LoseAsync(directory);
        await costs.JoinAsync(directory);
        await costs.CreateAsync(directory);
        return costs._measured;
    }

    /// <summary>How many lookups of more VMs than a directory remembers ask the store.</summary>
    /// <param name="bench">The bench.</param>
    /// <param name="size">How large the cluster is.</param>
    public static async Task<Measurement> OverflowAsync(string bench, ClusterSize size)
    {
        await using var cluster = new SimulatedCluster(size);
        var costs = new ClusterCosts(bench, 1, cluster);
        var directory = cluster.NewDirectory();
        var lookups = 2 * size.Vms;
        await ScaleSession.AskAsync(costs._session, size.Vms, Window, (at, self) => directory.Tell(new VmQuery(cluster.Ids[at], at, null, Samples.Reach), self));
        var before = cluster.Places.Lookups;
        await costs.LookUpAsync(directory, lookups, cluster.Ids);
        return new Measurement(bench, $"lookups that ask the store, VMs at random, {size}", 100.0 * (cluster.Places.Lookups - before) / lookups, "%");
    }

    private void Add(string what, IReadOnlyList<double> took, string unit) => _measured.Add(new Measurement(_bench, $"{what}, {_cluster.Size}", took.Median(), unit) { Rounds = took });

    // The first time that each VM is asked for.
    private async Task LookUpAsync()
    {
        var rates = new List<double>();
        for (var round = 0; round <= _rounds; round++)
        {
            var ids = Random.Shared.GetItems(_cluster.Ids, Math.Min(_cluster.Ids.Length, LookupsPerRound)).Distinct().ToArray();
            var directory = _cluster.NewDirectory();
            var took = await ScaleSession.AskAsync(_session, ids.Length, Window, (at, self) => directory.Tell(new VmQuery(ids[at], at, null, Samples.Reach), self));
            rates.Add(ids.Length / took.TotalSeconds);
        }

        Add("lookups of VMs that the directory does not remember", rates[1..], "/s");
    }

    private async Task<IActorRef> RememberAsync()
    {
        var directory = _cluster.NewDirectory();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        foreach (var (at, id) in _cluster.Ids.Index())
        {
            // Texts of their own, as they are when they come from the store or another node.
            directory.Tell(new DirectoryActor.Placed(InstanceId.Parse(new string(id.Value)), new string(Samples.NodeName(at / _cluster.Size.PerNode))));
        }

        await LookUpAsync(directory, 1, _cluster.Ids);
        Add("memory of one remembered VM", [(GC.GetTotalMemory(forceFullCollection: true) - before) / (double)_cluster.Ids.Length], "bytes");
        var rates = new List<double>();
        for (var round = 0; round <= _rounds; round++)
        {
            rates.Add(LookupsPerRound / (await LookUpAsync(directory, LookupsPerRound, _cluster.Ids)).TotalSeconds);
        }

        Add("lookups of remembered VMs", rates[1..], "/s");
        return directory;
    }

    private Task<TimeSpan> LookUpAsync(IActorRef directory, int times, InstanceId[] ids) => ScaleSession.AskAsync(
        _session, times, Window, (at, self) => directory.Tell(new VmQuery(ids[Random.Shared.Next(ids.Length)], at, null, Samples.Reach), self));

    private async Task ListAsync(IActorRef directory)
    {
        var took = new List<double>();
        for (var round = 0; round <= _rounds; round++)
        {
            took.Add((await ScaleSession.AskAsync(_session, 1, 1, (at, self) => directory.Tell(new HostMessages.ListVms(at, null, null), self))).TotalMilliseconds);
        }

        Add("a list of all", took[1..], "ms");
    }

    // One session follows all, and many some each.
    private async Task FollowAsync(IActorRef directory)
    {
        directory.Tell(new HostMessages.Follow(Id: null), _session);
        for (var follower = 0; follower < Followers; follower++)
        {
            var session = _cluster.NewSession();
            foreach (var id in Random.Shared.GetItems(_cluster.Ids, FollowedByEach))
            {
                directory.Tell(new HostMessages.Follow(id), session);
            }
        }

        await LookUpAsync(directory, 1, _cluster.Ids);
    }

    private async Task LoseAsync(IActorRef directory)
    {
        List<double> lost = [], back = [];
        for (var round = 0; round <= _rounds; round++)
        {
            var node = 1 + (round % (_cluster.Size.Nodes - 1));
            lost.Add(await HearOfAllAsync(change => change.View.Phase == VmPhase.Unreachable, () => _cluster.Change(node, isReachable: false, directory)));
            back.Add(await HearOfAllAsync(change => change.Previous == VmPhase.Unreachable, () => _cluster.Change(node, isReachable: true, directory)));
        }

        Add("a node is lost, until all its VMs are broadcast as unreachable", lost[1..], "ms");
        Add("it is back, until all are broadcast as they are", back[1..], "ms");
    }

    private async Task<double> HearOfAllAsync(Func<HostMessages.VmChanged, bool> wanted, Action change)
    {
        var heard = ScaleSession.HearAsync(_session, _cluster.Size.PerNode, wanted);
        var begun = Stopwatch.GetTimestamp();
        change();
        return Stopwatch.GetElapsedTime(begun, await heard).TotalMilliseconds;
    }

    // Until the node that joined has heard who follows, and answers.
    private async Task JoinAsync(IActorRef directory)
    {
        var took = new List<double>();
        InstanceId[] there = [_cluster.Newcomer];
        directory.Tell(new DirectoryActor.Placed(_cluster.Newcomer, Samples.NodeName(_cluster.Size.Nodes)));
        for (var round = 0; round <= _rounds; round++)
        {
            var begun = Stopwatch.GetTimestamp();
            _cluster.Change(_cluster.Size.Nodes, isReachable: true, directory);
            await LookUpAsync(directory, 1, there);
            took.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
            _cluster.Remove(_cluster.Size.Nodes, directory);
        }

        Add("a node joins, until it has heard who follows", took[1..], "ms");
    }

    private async Task CreateAsync(IActorRef directory)
    {
        var placement = _cluster.NewPlacement(directory);
        Task<TimeSpan> Create(int times, int window) => ScaleSession.AskAsync(
            _session, times, window, (at, self) => placement.Tell(Samples.Create(at, _cluster.Size.Vms + Interlocked.Increment(ref _created)), self));
        List<double> rates = [], fresh = [], stale = [];
        for (var round = 0; round <= _rounds; round++)
        {
            rates.Add(CreationsPerRound / (await Create(CreationsPerRound, Window)).TotalSeconds);
            await Create(1, 1);
            fresh.Add((await Create(1, 1)).TotalMilliseconds);
            _cluster.Time.Advance(Stale);
            stale.Add((await Create(1, 1)).TotalMilliseconds);
        }

        Add("creations, 256 at once", rates[1..], "/s");
        Add("one creation alone, picture fresh", fresh[1..], "ms");
        Add("one creation alone, all nodes asked first", stale[1..], "ms");
    }
}
