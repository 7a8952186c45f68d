using System.Text;
using Hydravisor.Actors.Cluster.Reach;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Recordings;
using Hydravisor.Actors.Tests.Feeds;
using Hydravisor.Actors.Tests.Vms;
using Hydravisor.Actors.Vms;
using Xunit.Abstractions;

namespace Hydravisor.Actors.Tests.Cluster;

/// <summary>Recordings of this node and of others, as a session asks for them.</summary>
public sealed class RecordingsFromAfarTests : ReachSpec
{
    private static readonly RecordingQuest All = new(null, null, WithInput: true, 1000, 100_000);
    private readonly SimulatedNode _here = new();
    private readonly TemporaryDirectory _directory = new();
    private readonly ClusterFeeds _feeds;

    public RecordingsFromAfarTests(ITestOutputHelper output)
        : base(output) => _feeds = new ClusterFeeds(new LocalFeeds(_here.Ports), Members, Sys, TimeSpan.FromSeconds(20));

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        await _here.DisposeAsync();
        _directory.Dispose();
    }

    [Theory]
    [InlineData("here", null)]
    [InlineData("there", null)]
    [InlineData("there", "here")]
    [InlineData("here", "there")]
    public async Task The_recording_of_the_vms_node_is_read_or_that_of_another_one_that_is_named(string vms, string? named)
    {
        Serve(There.Ports);
        await RecordAsync(_here.Ports, "here");
        await RecordAsync(There.Ports, "there");
        var read = await ReadAsync(vms, named, All);
        Assert.True(read.IsDone, read.Result.Reason);
        Assert.False(read.Value!.More);
        Assert.Contains($"shown {named ?? vms}", Encoding.UTF8.GetString(read.Value.EventsJson), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("here", null, OutcomeKind.Failed, "record_session")]
    [InlineData("there", null, OutcomeKind.Failed, "record_session")]
    [InlineData("lost", null, OutcomeKind.Unavailable, "lost, does not answer")]
    [InlineData("here", "lost", OutcomeKind.Unavailable, "lost, does not answer")]
    [InlineData("gone", null, OutcomeKind.Unavailable, "gone, does not answer")]
    [InlineData("here", "nobody", OutcomeKind.Failed, "there are: lost, there")]
    public async Task What_cannot_be_read_is_said(string vms, string? named, object kind, string says)
    {
        Serve(There.Ports);
        var refused = (await ReadAsync(vms, named, All)).Result;
        Assert.Equal((OutcomeKind)kind, refused.Kind);
        Assert.Contains(says, refused.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_by_itself_knows_no_other()
    {
        var refused = await new LocalFeeds(_here.Ports).ReadRecordingAsync(View("here"), "there", All);
        Assert.Equal(OutcomeKind.Failed, refused.Result.Kind);
        Assert.Contains("'there'", refused.Result.Reason, StringComparison.Ordinal);
    }

    private Task<Outcome<RecordingPage>> ReadAsync(string vms, string? named, RecordingQuest quest) =>
        Wait.For(_feeds.ReadRecordingAsync(View(vms), named, quest), "the recording is read");

    private static VmView View(string node) => VmStory.Running().State.View() with { Id = Samples.Id, Node = node };

    private async Task RecordAsync(VmPorts ports, string node)
    {
        var (console, typed) = (new TurnedFile(Path.Combine(_directory.Path, node)), Path.Combine(_directory.Path, "typed"));
        console.Write($"shown {node}");
        await ports.Recordings.BeginAsync(Samples.Id, new RecordingStart(node, "box", 80, 24, console.Path, typed, TypedLogHoldsInput: false));
        Assert.True((await ports.Recordings.DrainAsync(Samples.Id)).IsDone);
    }
}
