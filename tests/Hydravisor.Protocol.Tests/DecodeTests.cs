using System.Text;

namespace Hydravisor.Protocol.Tests;

/// <summary>The rules of reading a client's line: what is refused, how, and what is let through.</summary>
public class DecodeTests
{
    [Theory]
    [InlineData("", "the line is not JSON")]
    [InlineData("hello", "the line is not JSON, at byte 1: 'h'")]
    [InlineData("""{"type":"vm/list",}""", "the line is not JSON, at byte 19")]
    [InlineData("""{"type":"vm/create","os":"x","cpu":01}""", "leading zero")]
    [InlineData("{", "send the whole object on one line")]
    [InlineData("""{"type":"vm/list" """, "send the whole object on one line")]
    [InlineData("""{"type":"vm/list"} {"type":"vm/list"}""", "more on the line after the JSON object")]
    [InlineData("""{"type":"vm/list"}}""", "more on the line after the JSON object")]
    [InlineData("""[{"type":"vm/list"}]""", "the line is an array; send one JSON object a line")]
    [InlineData("\"vm/list\"", "the line is a string")]
    [InlineData("7", "the line is a number")]
    [InlineData("null", "the line is null")]
    [InlineData("{}", "type is missing; it must be a string such as \"vm/create\"")]
    [InlineData("""{"type":null}""", "type is missing")]
    [InlineData("""{"type":7}""", "type is a number; it must be a string")]
    [InlineData("""{"type":["vm/list"]}""", "type is an array; it must be a string")]
    [InlineData("""{"type":"vm/creat"}""", "unknown type \"vm/creat\"; known are vm/create, vm/delete")]
    [InlineData("""{"type":""}""", "unknown type")]
    [InlineData("""{"type":"VM/LIST"}""", "unknown type \"VM/LIST\"")]
    [InlineData("""{"type":"\ud800"}""", "unknown type")]
    [InlineData("\uFEFF{\"type\":\"vm/list\"}", "byte order mark")]
    public void A_line_that_is_no_message_is_answered_400_with_the_reason(string line, string reason)
    {
        var error = Lines.Error(line);
        Assert.Equal(ErrorCode.BadRequest, error.Code);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("node/shelve")]
    [InlineData("vm/snapshot")]
    public void A_type_that_later_versions_bring_is_unknown(string type)
    {
        var error = Lines.Error($$"""{"type":"{{type}}","instance_id":"vm-23ac1a9d"}""");
        Assert.Equal(ErrorCode.BadRequest, error.Code);
        Assert.StartsWith($"unknown type \"{type}\"", error.Message, StringComparison.Ordinal);
        Assert.Equal("vm-23ac1a9d", error.InstanceId);
    }

    [Fact]
    public void A_very_long_unknown_type_is_not_echoed()
    {
        var error = Lines.Error($$"""{"type":"{{new string('x', 100_000)}}"}""");
        Assert.Equal(ErrorCode.BadRequest, error.Code);
        Assert.InRange(error.Message.Length, 1, 400);
    }

    [Theory]
    [InlineData("""{"type":"vm/create"}""", "os is missing; it must be a string")]
    [InlineData("""{"type":"vm/create","os":null}""", "os is missing; it must be a string")]
    [InlineData("""{"type":"vm/create","os":5}""", "os is the number 5; it must be a string")]
    [InlineData("""{"type":"vm/create","os":"\ud800"}""", "os is no valid text (a lone surrogate)")]
    [InlineData("""{"type":"vm/create","os":"x","cpu":"2"}""", "cpu is the string \"2\"; it must be a whole number, such as 2")]
    [InlineData("""{"type":"vm/create","os":"x","cpu":2.5}""", "cpu is the number 2.5; it must be a whole number, such as 2")]
    [InlineData("""{"type":"vm/create","os":"x","cpu":{}}""", "cpu is an object; it must be a whole number, such as 2")]
    [InlineData("""{"type":"vm/create","os":"x","ram":4096}""", "ram is the number 4096; it must be a string")]
    [InlineData("""{"type":"vm/create","os":"x","meta":[]}""", "meta is an array; it must be an object")]
    [InlineData("""{"type":"vm/create","os":"x","meta":{"name":1}}""", "meta.name is the number 1; it must be a string")]
    [InlineData("""{"type":"vm/create","os":"x","meta":{"record_session":1}}""", "meta.record_session is the number 1; it must be true or false")]
    [InlineData("""{"type":"vm/create","os":"x","meta":{"incarnation":"1"}}""", "meta.incarnation is the string \"1\"; it must be a whole number, such as 2")]
    [InlineData("""{"type":"vm/create","os":"x","meta":{"labels":[]}}""", "meta.labels is an array; it must be an object of strings")]
    [InlineData("""{"type":"vm/create","os":"x","meta":{"labels":{"a":1}}}""", "meta.labels.\"a\" is the number 1; a label must be a string")]
    [InlineData("""{"type":"vm/create","os":"x","meta":{"labels":{"a":"\udc00"}}}""", "meta.labels.\"a\" is no valid text (a lone surrogate)")]
    [InlineData("""{"type":"vm/create","os":"x","placement":"node-1"}""", "placement is the string \"node-1\"; it must be an object")]
    [InlineData("""{"type":"vm/create","os":"x","placement":{"node":1}}""", "placement.node is the number 1; it must be a string")]
    [InlineData("""{"type":"vm/create","os":"x","placement":{"anti_affinity":{"a":1}}}""", "placement.anti_affinity.\"a\" is the number 1; a label must be a string")]
    [InlineData("""{"type":"vm/list","labels":{"a":true}}""", "labels.\"a\" is true; a label must be a string")]
    [InlineData("""{"type":"vm/stop","instance_id":"vm-23ac1a9d","force":"yes"}""", "force is the string \"yes\"; it must be true or false")]
    [InlineData("""{"type":"vm/delete"}""", "instance_id is missing; it must be a string")]
    [InlineData("""{"type":"vm/state","instance_id":["vm-23ac1a9d"]}""", "instance_id is an array; it must be a string")]
    [InlineData("""{"type":"vm/state","instance_id":"vm-23ac1a9d","query":1}""", "query is the number 1; it must be true or false")]
    [InlineData("""{"type":"vm/state","query":true}""", "instance_id is missing; it must be a string")]
    [InlineData("""{"type":"vm/exec","instance_id":"vm-23ac1a9d","argv":"ls"}""", "argv is the string \"ls\"; it must be an array of strings")]
    [InlineData("""{"type":"log/subscribe","instance_id":"vm-23ac1a9d","from":true}""", "from is true; it must be \"tail\", \"start\" or a sequence number, such as 1")]
    [InlineData("""{"type":"log/query","instance_id":"vm-23ac1a9d","from":1.5}""", "from is the number 1.5; it must be a whole number, such as 2")]
    [InlineData("""{"type":"log/query","instance_id":"vm-23ac1a9d","from":"\ud800"}""", "from is no valid text (a lone surrogate)")]
    [InlineData("""{"type":"terminal/input","instance_id":"vm-23ac1a9d","data":[104]}""", "data is an array; it must be a string")]
    [InlineData("""{"type":"vm/attach-terminal","instance_id":"vm-23ac1a9d","cols":true}""", "cols is true; it must be a whole number, such as 2")]
    public void A_field_of_the_wrong_kind_is_answered_400_and_named(string line, string message)
    {
        var error = Lines.Error(line);
        Assert.Equal((ErrorCode.BadRequest, message), (error.Code, error.Message));
    }

    [Fact]
    public void A_whole_number_beyond_64_bits_is_well_formed_but_impossible()
    {
        var error = Lines.Error("""{"type":"vm/create","os":"x","cpu":99999999999999999999}""");
        Assert.Equal(ErrorCode.Impossible, error.Code);
        Assert.Equal("cpu is the number 99999999999999999999; it can be at most 9223372036854775807", error.Message);
    }

    [Theory]
    [InlineData("""{"type":"vm/list","type":"vm/list"}""", "type")]
    [InlineData("""{"type":"vm/list","later":{"a":[{"b":1,"b":2}]}}""", "b")]
    [InlineData("""{"type":"vm/create","os":"x","meta":{"labels":{"k":"1","k":"2"}}}""", "k")]
    [InlineData("""{"type":"vm/create","os":"x","\u006fs":"y"}""", "os")]
    [InlineData("""{"\u0061":1,"a":1,"type":"vm/list"}""", "a")]
    [InlineData("""{"type":"vm/list","":1,"":2}""", "")]
    public void A_key_that_stands_twice_in_one_object_is_answered_400_and_named(string line, string key)
    {
        var error = Lines.Error(line);
        Assert.Equal(ErrorCode.BadRequest, error.Code);
        Assert.Equal($"the key \"{key}\" stands twice in one object; send each key once", error.Message);
    }

    [Fact]
    public void A_key_that_stands_twice_is_found_among_a_hundred_thousand()
    {
        var keys = string.Join(',', Enumerable.Range(0, 100_000).Select(number => $"\"k{number}\":0"));
        Assert.Contains("\"k77777\" stands twice", Lines.Error($$"""{"type":"vm/list",{{keys}},"k77777":0}""").Message, StringComparison.Ordinal);
        Assert.Equal(new VmList(), Lines.Message($$"""{"type":"vm/list",{{keys}}}"""));
    }

    [Fact]
    public void The_same_key_in_different_objects_is_no_duplicate()
    {
        var many = string.Join(',', Enumerable.Repeat("""{"a":1,"b":{"a":2,"\u0062":3}}""", 100));
        Assert.Equal(new VmList(), Lines.Message($$$"""{"later":[{{{many}}}],"a":{"a":1},"type":"vm/list","b":{"type":2}}"""));
    }

    [Fact]
    public void Nesting_is_let_through_to_the_limit_and_refused_beyond()
    {
        static string Nested(int depth) =>
            $$$"""{"later":{{{new string('[', depth - 1)}}}{{{new string(']', depth - 1)}}},"type":"vm/list","meta":{"request_id":"r1"}}""";

        Assert.True(Lines.Decode(Nested(Limits.JsonDepthMax)).IsMessage);
        foreach (var depth in new[] { Limits.JsonDepthMax + 1, 100_000 })
        {
            var error = Lines.Error(Nested(depth));
            Assert.Equal("the line nests deeper than 32 objects and arrays", error.Message);
            Assert.Equal("r1", error.Meta?.RequestId);
        }
    }

    [Fact]
    public void Fields_may_stand_in_any_order_and_unknown_ones_are_ignored() =>
        Assert.Equal(
            new VmStop { InstanceId = "vm-23ac1a9d", Force = true, Meta = new MessageMeta { RequestId = "r1" } },
            Lines.Message("""{"later":[{"x":null}],"meta":{"newer":{},"request_id":"r1"},"force":true,"instance_id":"vm-23ac1a9d","type":"vm/stop"}"""));

    [Fact]
    public void Null_counts_as_absent()
    {
        Assert.Equal(
            new VmCreate { Os = "x", Meta = new MessageMeta() },
            Lines.Message("""{"type":"vm/create","os":"x","cpu":null,"ram":null,"meta":{"request_id":null,"labels":null}}"""));
        Assert.Equal(new VmStateQuery { InstanceId = "*" }, Lines.Message("""{"type":"vm/state","instance_id":"*","query":null,"meta":null}"""));
        var listed = Assert.IsType<VmList>(Lines.Message("""{"type":"vm/list","labels":{"a":null,"b":"c"}}"""));
        Assert.Equal(new Dictionary<string, string> { ["b"] = "c" }, listed.Labels);
    }

    [Fact]
    public void Escapes_are_the_same_as_what_they_stand_for() =>
        Assert.Equal(
            new VmStart { InstanceId = "vm-23ac1a9d" },
            Lines.Message("""{"\u0074ype":"vm\/st\u0061rt","instance\u005fid":"vm\u002d23ac1a9d"}"""));

    [Fact]
    public void Text_of_any_language_comes_through()
    {
        var created = Assert.IsType<VmCreate>(
            Lines.Message("""{"type":"vm/create","os":"x","model":"ollama:ламa-🐍-\ud83d\udc0d","meta":{"labels":{"ключ":"日本"}}}"""));
        Assert.Equal("ollama:ламa-🐍-🐍", created.Model);
        Assert.Equal("日本", created.Meta!.Labels!["ключ"]);
    }

    [Theory]
    [InlineData("""{"type":"vm/list","later":"?","meta":{"request_id":"r1"}}""")]
    [InlineData("""{"meta":{"request_id":"r1"},"type":"vm/list","later":"?"}""")]
    [InlineData("""{"meta":{"request_id":"r1"},"type":"vm/list","?":1}""")]
    public void Invalid_UTF8_anywhere_is_answered_400_with_the_request_id(string line)
    {
        foreach (byte[] bad in new byte[][] { [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xE2, 0x82] })
        {
            var bytes = Encoding.UTF8.GetBytes(line);
            var at = bytes.AsSpan().IndexOf((byte)'?');
            var error = LineCodec.Decode([.. bytes[..at], .. bad, .. bytes[(at + 1)..]]).Error;
            Assert.Equal((ErrorCode.BadRequest, "the line is not UTF-8"), (error!.Code, error.Message));
            Assert.Equal("r1", error.Meta?.RequestId);
        }
    }

    [Theory]
    [InlineData("""{"jsonrpc":"2.0","id":7,"method":"tools/list"}""", "7")]
    [InlineData("""{"jsonrpc":"2.0","id":"a\u0062","method":"x"}""", "\"a\\u0062\"")]
    [InlineData("""{"method":"x","id":1e5,"jsonrpc":"2.0"}""", "1e5")]
    [InlineData("""{"jsonrpc":"2.0","method":"notifications/initialized"}""", "null")]
    [InlineData("""{"jsonrpc":"2.0","id":{"a":1},"method":"x"}""", "null")]
    [InlineData("""{"jsonrpc":null,"type":null,"id":null}""", "null")]
    public void A_line_of_the_Model_Context_Protocol_is_answered_in_its_own_terms_with_the_same_id(string line, string id)
    {
        var reply = Lines.Decode(line).JsonRpcError;
        Assert.NotNull(reply);
        Assert.StartsWith($$"""{"jsonrpc":"2.0","id":{{id}},"error":{"code":-32601,"message":""", Lines.Encode(reply), StringComparison.Ordinal);
    }

    [Fact]
    public void A_line_with_type_and_jsonrpc_is_ours() =>
        Assert.Equal(new VmList(), Lines.Message("""{"jsonrpc":"2.0","id":1,"type":"vm/list"}"""));
}
