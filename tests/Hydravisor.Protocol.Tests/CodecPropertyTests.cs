using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;

namespace Hydravisor.Protocol.Tests;

/// <summary>What holds for every message and for every line whatever.</summary>
public class CodecPropertyTests
{
    [Fact]
    public void Every_client_message_reads_as_it_was_written() =>
        Messages.Client.Sample(
            message => AssertSame(message, Lines.Message(Lines.Encode(message))),
            iter: 20_000);

    [Fact]
    public void Every_server_message_reads_as_it_was_written() =>
        Messages.Server.Sample(
            message => AssertSame(message, LineCodec.DecodeServer(Messages.Bytes(Lines.Encode(message)))),
            iter: 20_000);

    [Fact]
    public void The_short_way_of_vm_state_writes_what_the_generated_code_writes() =>
        Messages.State.Sample(
            state =>
            {
                var buffer = new ArrayBufferWriter<byte>();
                using var writer = new Utf8JsonWriter(
                    buffer, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
                JsonSerializer.Serialize(writer, state, WireContext.Default.VmStateMessage);
                Assert.Equal(Encoding.UTF8.GetString(buffer.WrittenSpan), Lines.Encode(state));
            },
            iter: 10_000);

    [Fact]
    public void A_log_whose_entries_are_JSON_already_is_written_as_the_generated_code_writes_it() =>
        Messages.Log.Sample(
            log =>
            {
                var line = Lines.Encode(log);
                using var json = JsonDocument.Parse(line);
                var entries = json.RootElement.GetProperty("payload").EnumerateArray().Select(entry => entry.GetRawText());
                Assert.Equal(line, Lines.Encode(log with { Payload = [], PayloadJson = Messages.Bytes(string.Join(',', entries)) }));
            },
            iter: 5_000);

    [Fact]
    public void The_short_way_of_vm_state_reads_what_the_generated_code_reads() =>
        Messages.StateQuery.Sample(
            query =>
            {
                var line = Messages.Bytes(Lines.Encode(query));
                if (VmStateLine.TryRead(line) is { } read)
                {
                    AssertSame(JsonSerializer.Deserialize(line, WireContext.Default.VmStateQuery)!, read);
                }
            },
            iter: 10_000);

    [Fact]
    public void Decode_never_throws_on_any_bytes() =>
        Gen.Byte.Array[0, 200].Sample(bytes => AssertAnswered(bytes), iter: 50_000);

    [Fact]
    public void Decode_never_throws_on_any_characters_of_JSON() =>
        Gen.OneOf("{", "}", "[", "]", ":", ",", "\"type\"", "\"vm/state\"", "\"meta\"", "\"request_id\"", "\"r1\"", "\"instance_id\"",
                "\"jsonrpc\"", "\"id\"", "null", "true", "7", "1.5e9", "\"\\ud800\"", "\"\\u0061\"", " ", "\n")
            .Array[0, 24].Sample(pieces => AssertAnswered(Messages.Bytes(string.Concat(pieces))), iter: 100_000);

    [Fact]
    public void Decode_never_throws_on_any_mutation_of_a_valid_line() =>
        Gen.Select(Messages.Client, Gen.Select(Gen.Int[0, 1 << 16], Gen.Int[0, 3], Gen.Byte).Array[1, 4]).Sample(
            it => AssertAnswered(Mutated([.. Messages.Bytes(Lines.Encode(it.Item1))], it.Item2)),
            iter: 50_000);

    [Fact]
    public void DecodeServer_throws_nothing_but_its_own_exception() =>
        Gen.Select(Messages.Server, Gen.Select(Gen.Int[0, 1 << 16], Gen.Int[0, 3], Gen.Byte).Array[1, 4]).Sample(
            it =>
            {
                try
                {
                    Assert.NotNull(LineCodec.DecodeServer(Mutated([.. Messages.Bytes(Lines.Encode(it.Item1))], it.Item2)));
                }
                catch (ProtocolException refused)
                {
                    Assert.NotEmpty(refused.Message);
                }
            },
            iter: 20_000);

    /// <summary>
    /// A broken line (a field of a wrong kind, an unknown type, a key twice) in any order of fields still tells its request id.
    /// </summary>
    [Fact]
    public void The_request_id_is_recovered_under_any_order_of_fields()
    {
        var faults = new[]
        {
            """ "type":"vm/create","os":5 """, """ "type":"vm/creat","os":"x" """, """ "type":"model/log","os":"x" """, """ "os":"x","cpu":1 """,
            """ "type":"vm/create","later":{"a":1,"a":2} """, """ "type":"vm/create","os":"x","cpu":"2" """,
        };
        Gen.Select(
            Gen.OneOf(faults), Messages.RequestId, Messages.Text, Gen.Int[0, 1000].Array[8]).Sample(
            it =>
            {
                var (fault, requestId, text, order) = it;
                var meta = new JsonObject { ["name"] = text, ["request_id"] = requestId, ["record_session"] = true };
                var shuffledMeta = new JsonObject(
                    meta.Select((field, index) => (field, index)).OrderBy(field => order[field.index])
                        .Select(field => KeyValuePair.Create(field.field.Key, field.field.Value?.DeepClone())));
                var fields = fault.Split(',').Append($"\"meta\":{shuffledMeta.ToJsonString()}").Append("\"model\":\"m\"");
                if (fault.Contains("later", StringComparison.Ordinal))
                {
                    fields = ["\"type\":\"vm/create\"", "\"later\":{\"a\":1,\"a\":2}", $"\"meta\":{shuffledMeta.ToJsonString()}"];
                }

                var shuffled = fields.Select((field, index) => (field, index)).OrderBy(field => order[3 + field.index]).Select(field => field.field);
                var error = Lines.Error($"{{{string.Join(',', shuffled)}}}");
                Assert.Equal(requestId, error.Meta?.RequestId);
            },
            iter: 20_000);
    }

    internal static byte[] Mutated(List<byte> line, (int At, int Kind, byte Value)[] mutations)
    {
        foreach (var (at, kind, value) in mutations.Where(_ => line.Count > 0))
        {
            var index = at % line.Count;
            switch (kind)
            {
                case 0:
                    line[index] = value;
                    break;
                case 1:
                    line.RemoveAt(index);
                    break;
                case 2:
                    line.Insert(index, value);
                    break;
                default:
                    line.RemoveRange(index, line.Count - index);
                    break;
            }
        }

        return [.. line];
    }

    /// <summary>Either a message, or an answer that can be sent as one line.</summary>
    private static void AssertAnswered(byte[] line)
    {
        var decoded = LineCodec.Decode(line);
        Assert.True(decoded.Message is null != decoded.Refusal is null);
        Assert.NotEmpty(decoded.IsMessage ? Lines.Encode(decoded.Message) : Lines.Encode(decoded.Refusal));
    }

    private static void AssertSame(ClientMessage expected, ClientMessage actual)
    {
        Assert.Equal(Lines.Encode(expected), Lines.Encode(actual));
        Assert.Equal(WithoutLabels(expected), WithoutLabels(actual));
    }

    private static void AssertSame(ServerMessage expected, ServerMessage actual)
    {
        Assert.Equal(Lines.Encode(expected), Lines.Encode(actual));
        if (expected is VmListReply list)
        {
            Assert.All(list.Instances.Zip(((VmListReply)actual).Instances), pair => AssertSame(pair.First, pair.Second));
        }
        else if (expected is not (NodeListReply or RecordingReply))
        {
            Assert.Equal(WithoutLabels(expected), WithoutLabels(actual));
        }
    }

    /// <summary>Records compare dictionaries and lists by reference; the encoded lines have shown that they are equal.</summary>
    private static ClientMessage WithoutLabels(ClientMessage message)
    {
        var bare = message.Meta is null ? message : message with { Meta = message.Meta with { Labels = null } };
        return bare switch
        {
            VmCreate { Placement: { } placement } create => create with { Placement = placement with { NodeLabels = null, AntiAffinity = null } },
            VmList list => list with { Labels = null },
            VmExec exec => exec with { Argv = null },
            _ => bare,
        };
    }

    private static ServerMessage WithoutLabels(ServerMessage message) => message switch
    {
        VmStateMessage state => state with { Labels = null },
        ModelLog log => log with { Payload = [] },
        Authorize grant => grant with { Permissions = null },
        _ => message,
    };
}
