using Hydravisor.EndToEnd.Tests.Harness;
using Hydravisor.Protocol;
using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Qemu;

/// <summary>The recording of a real guest's terminal.</summary>
public sealed class RecordingTests(ITestOutputHelper output) : QemuTest(output)
{
    [Fact]
    public async Task What_agents_and_people_type_is_recorded_with_who_did_and_the_size_that_people_give_it()
    {
        await using var people = new PersonsTerminals();
        var node = await StartRealNodeAsync();
        await using var client = await node.ConnectClientAsync();
        var id = (await client.CreateAsync(new VmCreate { Os = "tiny", Meta = new MessageMeta { RecordSession = true } })).InstanceId;
        await ReachAsync(client, id, VmPhase.Running);
        await using (var terminal = await Watched.AttachAsync(node, id, TerminalRole.Operator))
        {
            await terminal.Feed.TypeAsync("\recho agent-$((1000+1))\r");
            await terminal.SeeAsync("agent-1001");
        }

        // Nobody streams it any more.
        await people.PasteAsync("operator", (await client.AttachAsync(id, TerminalRole.Operator)).Attach);
        await people.PressAsync("operator", "Enter");
        await people.SeeAsync("operator", "#");
        await people.TypeAsync("operator", "echo person-$((1000+2))");
        await people.PressAsync("operator", "Enter");
        await people.SeeAsync("operator", "person-1002");
        var events = await Patience.UntilAsync(
            () => Recording.EventsAsync(node.Data, id),
            events => events.Any(each => each.Code == "r" && each.Data.StartsWith("120x", StringComparison.Ordinal))
                && Recording.TypedBy(events, "local").Contains("1000+2", StringComparison.Ordinal),
            events => $"The recording does not come to what is wanted: {string.Join('\n', events)}");
        Assert.Contains("echo agent-$((1000+1))", Recording.TypedBy(events, "anonymous"), StringComparison.Ordinal);
        Assert.DoesNotContain("person", Recording.TypedBy(events, "anonymous"), StringComparison.Ordinal);
        Assert.Contains("echo person-$((1000+2))", Recording.TypedBy(events, "local"), StringComparison.Ordinal);
        Assert.DoesNotContain("agent", Recording.TypedBy(events, "local"), StringComparison.Ordinal);
        var shown = string.Concat(events.Where(each => each.Code == "o").Select(each => each.Data));
        Assert.Contains("agent-1001", shown, StringComparison.Ordinal);
        Assert.Contains("person-1002", shown, StringComparison.Ordinal);
    }
}
