namespace Hydravisor.Protocol.Tests;

/// <summary>The request id comes back with every error, wherever it can be read.</summary>
public class RequestIdTests
{
    [Theory]
    [InlineData("""{"type":"vm/creat","meta":{"request_id":"r1"}}""")]
    [InlineData("""{"type":"model/log","meta":{"request_id":"r1"}}""")]
    [InlineData("""{"type":7,"meta":{"request_id":"r1"}}""")]
    [InlineData("""{"meta":{"request_id":"r1"}}""")]
    [InlineData("""{"type":"vm/create","os":5,"meta":{"request_id":"r1"}}""")]
    [InlineData("""{"type":"vm/create","os":"x","meta":{"name":5,"request_id":"r1"}}""")]
    [InlineData("""{"type":"vm/create","os":"x","meta":{"\u0072equest_id":"r\u0031","labels":[]}}""")]
    [InlineData("""{"type":"vm/list","type":"vm/list","meta":{"request_id":"r1"}}""")]
    [InlineData("""{"type":"vm/list","meta":{"request_id":"r1"}} more""")]
    [InlineData("""{"type":"vm/list","meta":{"request_id":"r1"},"cut of""")]
    [InlineData("""{"type":"vm/list","meta":{"request_id":"r1","request_id":"r1"}}""")]
    [InlineData("""{"type":["x",{"meta":{"request_id":"no"}}],"instance_id":{"request_id":"no"},"meta":{"request_id":"r1"}}""")]
    [InlineData("""{"type":"vm/create","id":{"request_id":"no"},"meta":{"labels":{"request_id":"no"},"request_id":"r1"}}""")]
    public void It_is_found_behind_any_other_fault(string line) => Assert.Equal("r1", Lines.Error(line).Meta?.RequestId);

    [Theory]
    [InlineData("""{"type":"vm/creat","request_id":"no"}""")]
    [InlineData("""{"type":"vm/creat","later":{"request_id":"no"}}""")]
    [InlineData("""{"type":"vm/creat","meta":{"labels":{"request_id":"no"}}}""")]
    [InlineData("""{"type":"vm/creat","meta":[{"request_id":"no"}]}""")]
    [InlineData("""{"type":"vm/creat","later":{"meta":{"request_id":"no"}}}""")]
    [InlineData("""{"type":"vm/creat","meta":{"request_id":"no","request_id":"other"}}""")]
    [InlineData("""{"type":"vm/creat","meta":{"request_id":5}}""")]
    [InlineData("""{"type":"vm/creat","meta":{"request_id":""}}""")]
    [InlineData("""{"type":"vm/creat","meta":{"request_id":"\ud800"}}""")]
    [InlineData("""{"type":"vm/creat","meta":{"request_id":{"request_id":"no"}}}""")]
    public void What_only_looks_like_one_is_not_taken_for_it(string line) => Assert.Null(Lines.Error(line).Meta);

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("🐍")]
    public void It_has_1_to_128_characters(string character)
    {
        static string Line(string id) => $$$"""{"type":"vm/state","instance_id":"vm-23ac1a9d","query":true,"meta":{"request_id":"{{{id}}}"}}""";

        var longest = string.Concat(Enumerable.Repeat(character, Limits.RequestIdCharsMax));
        if (character.Length > 0)
        {
            Assert.Equal(longest, Lines.Message(Line(longest)).Meta?.RequestId);
        }

        var error = Lines.Error(Line(longest + character));
        Assert.Equal(ErrorCode.BadRequest, error.Code);
        Assert.EndsWith("it must be a string of 1 to 128 characters", error.Message, StringComparison.Ordinal);
        Assert.Null(error.Meta);
    }

    [Theory]
    [InlineData("vm-23ac1a9d", true)]
    [InlineData("vm-23AC1A9D", false)]
    [InlineData("*", false)]
    public void The_instance_id_comes_back_too_if_it_is_one(string id, bool back) =>
        Assert.Equal(back ? id : null, Lines.Error($$"""{"type":"vm/stop","force":1,"instance_id":"{{id}}"}""").InstanceId);
}
