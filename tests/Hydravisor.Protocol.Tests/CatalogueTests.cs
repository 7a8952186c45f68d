namespace Hydravisor.Protocol.Tests;

/// <summary>The catalogue is whole: every message is in it, and every row is true.</summary>
public class CatalogueTests
{
    public static TheoryData<string> WireTypes => [.. MessageCatalogue.Client.Select(entry => entry.WireType)];

    [Fact]
    public void Every_client_message_is_in_the_catalogue_once()
    {
        var records = typeof(ClientMessage).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(ClientMessage)) && !type.IsAbstract);
        Assert.Equal(
            records.OrderBy(type => type.Name, StringComparer.Ordinal),
            MessageCatalogue.Client.Select(entry => entry.RecordType).OrderBy(type => type.Name, StringComparer.Ordinal));
        Assert.Equal(MessageCatalogue.Client.Count, MessageCatalogue.Client.Select(entry => entry.WireType).Distinct().Count());
    }

    [Theory]
    [MemberData(nameof(WireTypes))]
    public void A_sample_decodes_to_its_record_and_encodes_to_itself(string wireType)
    {
        var entry = MessageCatalogue.Find(wireType);
        Assert.NotNull(entry);
        var message = Lines.Message(entry.Sample);
        Assert.IsType(entry.RecordType, message);
        Assert.Equal(wireType, message.Type);
        Assert.Equal(wireType, entry.Permission);
        Assert.Equal(entry.Sample, Lines.Encode(message));
        Assert.EndsWith(".", entry.Summary, StringComparison.Ordinal);
    }

    [Fact]
    public void What_only_the_server_sends_is_answered_405()
    {
        Assert.Equal(["mcp/authorize", "model/log", "mcp/error", "terminal/output"], MessageCatalogue.ServerOnly);
        foreach (var type in MessageCatalogue.ServerOnly)
        {
            var error = Lines.Error($$$"""{"type":"{{{type}}}","meta":{"request_id":"r1"}}""");
            Assert.Equal((ErrorCode.NotAllowed, "r1"), (error.Code, error.Meta?.RequestId));
            Assert.StartsWith($"{type} is sent by the server only", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void What_mutates_is_what_changes_a_VM_or_a_node() =>
        Assert.Equal(
            ["vm/create", "vm/delete", "vm/start", "vm/stop", "vm/suspend", "vm/resume", "vm/reboot", "vm/exec", "terminal/input", "node/cordon", "node/drain", "node/resume"],
            MessageCatalogue.Client.Where(entry => entry.Mutates).Select(entry => entry.WireType));
}
