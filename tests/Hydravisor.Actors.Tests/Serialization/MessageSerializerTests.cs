using Hydravisor.Actors.Access;
using Hydravisor.Actors.Cluster.Reach;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Live;
using Hydravisor.Actors.Recordings;
using Hydravisor.Actors.Serialization;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;
using Xunit.Abstractions;

namespace Hydravisor.Actors.Tests.Serialization;

public sealed class MessageSerializerTests(ITestOutputHelper output) : HydravisorSpec(output)
{
    private static readonly VmView View = new(
        Samples.Id, "node-1", "anonymous", VmPhase.Running, Samples.Noon, "why", 2, 9, "web", "tiny", 1, 512 << 20, 0, NetworkMode.User,
        "a:b", new Dictionary<string, string> { ["k"] = "v" }, true);

    private static readonly VmRequest Request = new(
        "tiny", 1, 512 << 20, 0, NetworkMode.None, "a:b", "web", true, new Dictionary<string, string> { ["k"] = "\"<v>" });

    private static readonly object[] Messages =
    [
        Ask(new VmCommand.Create("node-1", "digest", Samples.Spec())),
        Ask(new VmCommand.Start()),
        Ask(new VmCommand.Stop(true)),
        Ask(new VmCommand.Suspend()),
        Ask(new VmCommand.Resume()),
        Ask(new VmCommand.Reboot()),
        Ask(new VmCommand.Delete()),
        Ask(new VmCommand.Attach(TerminalRole.Auditor)),
        Ask(new VmCommand.Type([0, 27, 255])),
        Ask(new VmCommand.Exec(["/bin/sh", "-c", "true"], [0, 255], 30)),
        new VmQuery(Samples.Id, 5, 3, Samples.Everything),
        new VmReply.Granted(View, Already: true) { Correlation = 5 },
        new VmReply.Attached(View, "session", ReadOnly: true, "tmux …") { Correlation = 5 },
        new VmReply.Executed(View, 3, [0, 255], [], Truncated: true) { Correlation = 5 },
        new VmReply.Denied(null, ErrorCode.NoRoom, "no room") { Correlation = 5 },
        new HostMessages.CreateVm(5, Allowed(Request)),
        new HostMessages.CreateVm(5, Allowed(Request with { Placement = new PlacementWish("node-1", new Dictionary<string, string> { ["zone"] = "a" }, new Dictionary<string, string> { ["app"] = "web" }) }), Follower: "akka://x/user/y"),
        new VmReply.Elsewhere(Samples.Id, "node-2") { Correlation = 5 },
        new VmReply.Expected(Samples.Id, "node-2") { Correlation = 5 },
        new VmReply.Landing(Samples.Id, "node-2", new Landing("libvirt", "/run/x", "<domain/>")) { Correlation = 7 },
        new VmReply.Granted(View with { Move = new VmMove("node-2", Starts: true, IsReleased: false) }, Already: true) { Correlation = 5 },
        new HostMessages.ExpectVm(4, Samples.Id, "node-1", WithDisk: true),
        new HostMessages.ExpectNoMore(Samples.Id, "a"),
        new HostMessages.LookForReleased(),
        new HostMessages.QueryNode(4),
        new HostMessages.AdoptVm(4, Samples.Id, "node-1"),
        new HostMessages.SetCordon(5, "node-1", Allowed(new CordonWish(IsCordoned: true, "disk"))),
        new HostMessages.SetCordon(5, "node-1", Allowed(new CordonWish(IsCordoned: true, "disk", Drains: true))),
        new HostMessages.NodeDone(5, "node-1"),
        Samples.NodeView("node-1") with { Cordon = new Cordon(Samples.Noon, "disk"), Trouble = "gone" },
        Samples.NodeView("node-1") with { Cordon = new Cordon(Samples.Noon, "disk", IsDrain: true), Drain = new DrainStanding(3, [new DrainStay("it is suspended", 2)]) },
        new HostMessages.ListVms(5, new Dictionary<string, string> { ["k"] = "v" }, VmPhase.Failed),
        new HostMessages.VmsListed(5, [View]),
        new HostMessages.Follow(null),
        new HostMessages.VmChanged(null, View),
        new ReachMessages.OpenLog(Samples.Id, 7),
        new ReachMessages.OpenTerminal(Samples.Id, TerminalRole.Operator, 80, null),
        new ReachMessages.OpenDisk(Samples.Id),
        new ReachMessages.OpenLink(Samples.Id, LiveChannel.Memory),
        new ReachMessages.Opened(OutcomeKind.Unavailable, "why", 7),
        new ReachMessages.Lines([0, 10, 255]),
        new ReachMessages.Taken(5),
        new ReachMessages.Over("why"),
        new ReachMessages.TypeIn(5, [0, 255]),
        new ReachMessages.Resize(5, 80, 24),
        new ReachMessages.Done(5, OutcomeKind.Failed, "why"),
        new ReachMessages.Leave(),
        new ReachMessages.QueryLog(Samples.Id, 0, 10, 1000),
        new ReachMessages.LogRead(OutcomeKind.Done, "", [1, 2], 9),
        new ReachMessages.ReadRecording(Samples.Id, new RecordingQuest(1, new RecordingPlace(2, 3, 4), WithInput: true, 5, 6)),
        new ReachMessages.RecordingRead(
            OutcomeKind.Done, "", new RecordingPage("box", Samples.Noon, 1, 2, 3, 4, [new RecordedPart(1, Samples.Noon, 5)], [6], [7], More: true, "8:9:10")),
    ];

    [Fact]
    public void Every_message_comes_back_as_it_was()
    {
        foreach (var message in Messages)
        {
            var serializer = Assert.IsType<MessageSerializer>(Sys.Serialization.FindSerializerFor(message));
            var back = serializer.FromBinary(serializer.ToBinary(message), serializer.Manifest(message));
            Assert.Equivalent(message, back, strict: true);
        }
    }

    [Fact]
    public void Every_word_of_the_vocabulary_has_a_message_here() =>
        Assert.Equal(MessageSerializer.Vocabulary.Words.Keys.Order(), Messages.Select(MessageSerializer.Vocabulary.ManifestOf).Distinct().Order());

    [Fact]
    public void Every_command_has_a_message_here() =>
        Assert.Equal(
            typeof(VmCommand).GetNestedTypes().Where(type => type.IsSubclassOf(typeof(VmCommand))).Select(type => type.Name).Order(),
            Messages.OfType<VmAsk>().Select(ask => ask.Command.Value.GetType().Name).Order());

    [Fact]
    public void What_has_no_serializer_of_its_own_is_refused_both_ways()
    {
        using var asShipped = Akka.Actor.ActorSystem.Create(
            "as-shipped", File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "hocon", "akka.conf")));
        Assert.ThrowsAny<Exception>(() => asShipped.Serialization.FindSerializerFor(new FileInfo("/tmp/x")).ToBinary(new FileInfo("/tmp/x")));
        Assert.ThrowsAny<Exception>(() => asShipped.Serialization.Deserialize("{\"$type\":\"System.IO.FileInfo\"}"u8.ToArray(), 1, typeof(object)));
    }

    private static VmAsk Ask(VmCommand command) => new(Samples.Id, 5, 3, Allowed(command));

    private static Authorised<T> Allowed<T>(T value) =>
        Samples.Authorised(new Policy("trusted", "none"), new Principal("anonymous", "trusted", "c1"), "vm/any", value, "r1");
}
