using System.Text;
using Hydravisor.Client.Tests;
using Hydravisor.Protocol;

namespace Hydravisor.Host.Tests;

/// <summary>From where a verb takes its key and its role, and that the key is never shown.</summary>
public sealed class CredentialOptionTests : IDisposable
{
    private static readonly byte[] Key = Encoding.UTF8.GetBytes("0123456789abcdef0123456789abcdef");

    private static readonly string Base64 = Convert.ToBase64String(Key);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("hydravisor-key-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task A_key_file_and_a_role_sign_what_is_sent()
    {
        await using var run = new VerbRun();
        var line = await SentAsync(run, "vm", "list", "--key", KeyFile($"{Base64}\n"), "--role", "sandboxed");
        Assert.Equal((MessageSignature.FingerprintOf(Key), "sandboxed"), (line.AgentFingerprint, line.Role));
        Assert.True(MessageSignature.Verify(Key, line));
        Assert.Equal(0, await run.ExitAsync());
    }

    [Fact]
    public async Task What_agent_add_prints_is_a_key_file_with_its_role()
    {
        await using var run = new VerbRun();
        run.Variables["HYDRAVISOR_KEY"] = KeyFile(
            $$"""{"fingerprint":"{{MessageSignature.FingerprintOf(Key)}}","key":"{{Base64}}","role":"audited","later":1}""");
        var line = await SentAsync(run, "vm", "list");
        Assert.Equal("audited", line.Role);
        Assert.True(MessageSignature.Verify(Key, line));
    }

    [Theory]
    [InlineData("said", "variable", "said")]
    [InlineData(null, "variable", "variable")]
    [InlineData(null, null, "file")]
    public async Task A_role_is_what_is_said_or_the_variable_or_what_the_file_says(string? said, string? variable, string role)
    {
        await using var run = new VerbRun();
        if (variable is not null)
        {
            run.Variables["HYDRAVISOR_ROLE"] = variable;
        }

        string[] option = said is null ? [] : ["--agent-role", said];
        var file = KeyFile($$"""{"key":"{{Base64}}","role":"file"}""");
        Assert.Equal(role, (await SentAsync(run, ["vm", "list", "--key", file, .. option])).Role);
    }

    [Fact]
    public async Task At_a_terminal_role_is_that_of_the_terminal()
    {
        await using var run = new VerbRun();
        var args = new[] { "vm", "attach", Samples.Id, "--key", KeyFile(Base64), "--agent-role", "sandboxed", "--role", "auditor", "-o", "json" };
        using var peer = await run.ConnectAsync(args);
        var attach = Unwrapped((await peer.ReceiveLineAsync())!);
        Assert.Equal("sandboxed", attach.Role);
        if (LineCodec.Decode(attach.Message.Span).Message is not VmAttachTerminal)
        {
            await peer.SendAsync(new VmListReply { Instances = [Samples.State()], Meta = ReplyMeta.For(attach.RequestId) });
            attach = Unwrapped((await peer.ReceiveLineAsync())!);
        }

        Assert.Equal("auditor", Assert.IsType<VmAttachTerminal>(LineCodec.Decode(attach.Message.Span).Message).Role);
    }

    [Fact]
    public async Task A_denial_is_told_with_its_code()
    {
        await using var run = new VerbRun();
        using var peer = await run.ConnectAsync("vm", "list", "--key", KeyFile(Base64), "--role", "sandboxed");
        await peer.ReceiveLineAsync();
        await peer.SendAsync(new Authorize { Granted = false, Code = ErrorCode.Unauthorized, Message = "unknown fingerprint" });
        Assert.Equal((1, "hydravisor: unknown fingerprint (401)\n"), (await run.ExitAsync(), run.Error));
    }

    [Fact]
    public async Task A_key_on_the_command_line_is_refused_and_not_shown()
    {
        foreach (var key in new[] { Base64, Convert.ToHexStringLower(Key), Base64.TrimEnd('='), $$"""{"key":"{{Base64}}"}""" })
        {
            await using var run = new VerbRun();
            Assert.Equal(2, await run.RunAsync("vm", "list", "--key", key, "--role", "sandboxed"));
            Assert.StartsWith("hydravisor: --key names no file. It must be the name of a file that holds the key, never the key itself", run.Error, StringComparison.Ordinal);
            Assert.DoesNotContain(key, run.Error, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("not base64!", "holds no base64; it must hold the key in base64, or the JSON that \"hydravisor agent add -o json\" prints.")]
    [InlineData("", "holds a key of 0 bytes; it must have at least 16.")]
    [InlineData("c2hvcnQ=", "holds a key of 5 bytes; it must have at least 16.")]
    [InlineData("{", "is no JSON that holds a key; it must hold the key in base64")]
    [InlineData("{}", "has no \"key\"; it must hold the key in base64")]
    [InlineData("""{"key":5}""", "is no JSON that holds a key")]
    [InlineData("""{"key":"MDEyMzQ1Njc4OWFiY2RlZg==","fingerprint":"00"}""", "holds a key and the fingerprint of another one")]
    public async Task A_file_that_holds_no_key_is_refused_and_not_shown(string content, string reason)
    {
        await using var run = new VerbRun();
        Assert.Equal(2, await run.RunAsync("vm", "list", "--key", KeyFile(content), "--role", "sandboxed"));
        Assert.Contains(reason, run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("MDEyMzQ1Njc4OWFiY2RlZg", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_missing_is_said()
    {
        await using var absent = new VerbRun();
        Assert.Equal(2, await absent.RunAsync("vm", "list", "--key", "no.such.key", "--role", "sandboxed"));
        Assert.StartsWith("hydravisor: --key: there is no file \"no.such.key\"; it must hold", absent.Error, StringComparison.Ordinal);

        await using var noRole = new VerbRun();
        Assert.Equal(2, await noRole.RunAsync("vm", "list", "--key", KeyFile(Base64)));
        Assert.StartsWith("hydravisor: a key needs a role to act in: give --role ROLE", noRole.Error, StringComparison.Ordinal);

        await using var noKey = new VerbRun();
        Assert.Equal(2, await noKey.RunAsync("vm", "list", "--role", "sandboxed"));
        Assert.StartsWith("hydravisor: the role \"sandboxed\" needs a key to sign with: give --key FILE", noKey.Error, StringComparison.Ordinal);

        await using var wrongRole = new VerbRun();
        Assert.Equal(2, await wrongRole.RunAsync("vm", "list", "--key", KeyFile(Base64), "--role", "two words"));
        Assert.StartsWith("hydravisor: the role is \"two words\"; it must be 1 to 64 printable", wrongRole.Error, StringComparison.Ordinal);
    }

    private static WrappedLine Unwrapped(string line) => LineWrapping.Unwrap(Encoding.UTF8.GetBytes(line)).Wrapped!;

    private static async Task<WrappedLine> SentAsync(VerbRun run, params string[] args)
    {
        using var peer = await run.ConnectAsync(args);
        var line = Unwrapped((await peer.ReceiveLineAsync())!);
        await peer.SendAsync(new VmListReply { Instances = [], Meta = ReplyMeta.For(line.RequestId) });
        await run.ExitAsync();
        return line;
    }

    private string KeyFile(string content)
    {
        var file = Path.Combine(_directory.FullName, "agent.key");
        File.WriteAllText(file, content);
        return file;
    }
}
