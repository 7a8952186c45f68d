using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using Akka.Actor;
using Akka.Configuration;
using Hydravisor.Actors.Cluster;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Serialization;
using Hydravisor.Bench.Results;

namespace Hydravisor.Bench.Scale;

/// <summary>What a number of nodes costs by itself, without actors: each in microseconds of one processor.</summary>
internal sealed class NodeCosts
{
    // More than a round places.
    private const long VcpusLeft = 1L << 40;
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(0.2);
    private static readonly Dictionary<string, NodeRefusal> Untried = [];

    private readonly string[] _names;
    private readonly NodeView[] _views;
    private readonly NodeView[] _full;
    private readonly NodePictures _pictures = new();
    private readonly Members _members;

    private NodeCosts(int nodes)
    {
        _names = [.. Enumerable.Range(0, nodes).Select(Samples.NodeName)];
        _views = [.. _names.Select((name, at) => View(name, VcpusLeft + (at * 7919 % nodes)))];
        _full = [.. _names.Select(name => View(name, vcpusLeft: 0))];
        _members = new Members(_names[0]);
        _members.Set(_names.Index().ToImmutableSortedDictionary(
            node => node.Item, node => Samples.Member(node.Item, new Address("akka.ssl.tcp", "hydravisor", $"10.{node.Index >> 8}.{node.Index & 255}.1", 7412)), StringComparer.Ordinal));
    }

    /// <summary>Measures.</summary>
    /// <param name="name">The bench.</param>
    /// <param name="nodes">How many.</param>
    /// <param name="rounds">How often.</param>
    public static IReadOnlyList<Measurement> Measure(string name, int nodes, int rounds)
    {
        var costs = new NodeCosts(nodes);
        Measurement Of(string what, Action act)
        {
            Time(act);
            double[] took = [.. Enumerable.Range(0, rounds).Select(_ => Time(act))];
            return new Measurement(name, string.Create(CultureInfo.InvariantCulture, $"{what}, {nodes:N0} nodes"), took.Median(), "µs") { Rounds = took };
        }

        return
        [
            Of("a question to all begun and answered (NodePictures)", costs.Look),
            Of("Placement.Choose, and the picture changed", costs.Choose),
            Of("Placement.Choose where no node has room, and the sentence", costs.ChooseNone),
            Of("Members.Refusal", costs.Refuse),
            Of("a member changed (Members)", costs.Change),
        ];
    }

    /// <summary>What one node's answer to the question is when it travels.</summary>
    /// <param name="name">The bench.</param>
    /// <param name="rounds">How often.</param>
    public static IReadOnlyList<Measurement> MeasureAnswer(string name, int rounds)
    {
        using var system = ActorSystem.Create("answer", ConfigurationFactory.ParseString("akka.loglevel = WARNING"));
        var serializer = new MessageSerializer((ExtendedActorSystem)system);
        var view = View(Samples.NodeName(1), vcpusLeft: 8);
        var bytes = serializer.ToBinary(view);
        var manifest = serializer.Manifest(view);
        void There() => serializer.FromBinary(serializer.ToBinary(view), manifest);
        Time(There);
        double[] took = [.. Enumerable.Range(0, rounds).Select(_ => Time(There))];
        return
        [
            new Measurement(name, "a node's answer to the question, as a message", bytes.Length, "bytes"),
            new Measurement(name, "the same, written and read", took.Median(), "µs") { Rounds = took },
        ];
    }

    private static NodeView View(string name, long vcpusLeft) => new(
        0, name, new Dictionary<string, string>(), Trouble: null, Cordon: null,
        new Room(100, int.MaxValue, 2 * VcpusLeft, vcpusLeft, 1L << 60, 1L << 59, 1L << 60, 1L << 59, 1L << 59, 1 << 30), Samples.Settings.Limits, Samples.Images);

    private static double Time(Action act)
    {
        var (count, clock) = (0, Stopwatch.StartNew());
        for (; clock.Elapsed < Round; count++)
        {
            act();
        }

        return clock.Elapsed.TotalMicroseconds / count;
    }

    private void Look()
    {
        var question = _pictures.Ask(_names, 0);
        foreach (var view in _views)
        {
            _pictures.Hear(view with { Correlation = question });
        }
    }

    private void Choose()
    {
        var decision = Placement.Choose(Samples.Wish, _pictures.Views, PlacementStrategy.Spread, Untried);
        _pictures.Place(decision.Node!.Node, decision.Request);
    }

    private void ChooseNone()
    {
        var decision = Placement.Choose(Samples.Wish, _full, PlacementStrategy.Spread, Untried);
        Placement.Sentence(Samples.Wish, isNew: true, _ => true, _full, decision.Refusals);
    }

    private void Refuse() => GC.KeepAlive(_members.Refusal);

    private void Change()
    {
        var member = _members.ByName[_names[^1]];
        _members.Set(_members.ByName.SetItem(member.Name, member with { Incarnation = member.Incarnation + 1 }));
    }
}
