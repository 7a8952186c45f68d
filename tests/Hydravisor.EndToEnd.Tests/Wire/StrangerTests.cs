using Hydravisor.EndToEnd.Tests.Harness;
using Hydravisor.Protocol;
using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Wire;

/// <summary>The production profile, whose policy has nobody for a connection without a credential.</summary>
public class StrangerTests(ITestOutputHelper output) : EndToEndTest(output)
{
    [Fact]
    public async Task A_stranger_is_401_with_every_message_and_learns_nothing()
    {
        var node = await StartNodeAsync(new NodeOptions { Profile = "node" });
        await using var connection = await node.ConnectAsync();
        foreach (var entry in MessageCatalogue.Client.Where(entry => entry.WireType != MessageTypes.Heartbeat))
        {
            (await connection.AskAsync(entry.Sample)).MustBeError(401, "credential");
        }

        (await connection.AskAsync("""{"type":"vm/state","instance_id":"*","subscribe":true}""")).MustBeError(401);
        Assert.Empty((await SimulatedWorld.OfAsync(node)).Domains);
        Assert.DoesNotContain(node.Output.From(0), line => line.Contains("trusts every process", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_development_profile_says_loudly_whom_it_trusts()
    {
        var node = await StartNodeAsync();
        await node.Output.LineWithAsync("trusts every process");
    }
}
