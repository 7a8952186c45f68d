using System.Text;
using System.Text.Json;
using Hydravisor.Protocol;

namespace Hydravisor.Client.Tests;

/// <summary>What a client with a credential sends, and what it makes of the node's word on it.</summary>
public class CredentialTests
{
    private static readonly byte[] Key = Encoding.UTF8.GetBytes("0123456789abcdef0123456789abcdef");

    private static readonly AgentCredential Credential = new(Key, "sandboxed");

    private static readonly HydravisorClientOptions Options = new() { Credential = Credential, Clock = new NoonClock() };

    private static readonly Authorize Granted = new()
    {
        Granted = true,
        AgentFingerprint = Credential.Fingerprint,
        Role = "sandboxed",
        Permissions = ["vm/list"],
        SessionId = "s-1",
    };

    private static readonly Authorize Denied = new() { Granted = false, Code = ErrorCode.Forbidden, Message = "this agent may not be sandboxed" };

    [Fact]
    public async Task Every_line_is_wrapped_signed_and_timed_and_has_a_nonce_of_its_own()
    {
        await using var server = new ScriptedServer();
        var (client, peer) = await server.ConnectAsync(Options);
        await using var _ = client;
        var nonces = new HashSet<string>();
        for (var round = 0; round < 3; round++)
        {
            var call = client.ListAsync();
            var line = await ReceiveAsync(peer);
            Assert.Equal((Credential.Fingerprint, "sandboxed", NoonClock.Noon), (line.AgentFingerprint, line.Role, line.Timestamp));
            Assert.True(MessageSignature.Verify(Key, line));
            Assert.Matches("^[0-9a-f]{32}$", line.Nonce.ToString());
            Assert.True(nonces.Add(line.Nonce.ToString()));
            Assert.IsType<VmList>(LineCodec.Decode(line.Message.Span).Message);
            await peer.SendAsync(new VmListReply { Instances = [], Meta = ReplyMeta.For(line.RequestId) });
            Assert.Empty(await call.WaitAsync(ScriptedServer.Patience));
        }

        await peer.SendAsync(new HeartbeatRequest { Time = NoonClock.Noon });
        Assert.True(Assert.IsType<Heartbeat>(LineCodec.Decode((await ReceiveAsync(peer)).Message.Span).Message).Ok);
    }

    [Fact]
    public async Task The_last_grant_can_be_read_and_the_reply_behind_it_finds_its_caller()
    {
        await using var server = new ScriptedServer();
        var (client, peer) = await server.ConnectAsync(Options);
        await using var _ = client;
        Assert.Null(client.Grant);
        var call = client.ListAsync();
        var line = await ReceiveAsync(peer);
        await peer.SendAsync(Granted with { Meta = ReplyMeta.For(line.RequestId) });
        await peer.SendAsync(new VmListReply { Instances = [], Meta = ReplyMeta.For(line.RequestId) });
        await call.WaitAsync(ScriptedServer.Patience);
        Assert.Equal((true, "sandboxed", "s-1"), (client.Grant!.Granted, client.Grant.Role, client.Grant.SessionId));
    }

    [Fact]
    public async Task A_denial_of_the_first_message_fails_all_that_wait_with_its_code_and_words()
    {
        await using var server = new ScriptedServer();
        var (client, peer) = await server.ConnectAsync(Options);
        await using var _ = client;
        var calls = new[] { client.ListAsync(), client.ListAsync() };
        await ReceiveAsync(peer);
        await ReceiveAsync(peer);
        await peer.SendAsync(Denied);
        foreach (var call in calls)
        {
            var refused = await Assert.ThrowsAsync<HydravisorException>(() => call.WaitAsync(ScriptedServer.Patience));
            Assert.Equal((ErrorCode.Forbidden, "this agent may not be sandboxed"), (refused.Code, refused.Message));
        }

        Assert.False(client.Grant!.Granted);
    }

    [Fact]
    public async Task A_grant_that_ends_leaves_the_requests_to_their_own_replies()
    {
        await using var server = new ScriptedServer();
        var (client, peer) = await server.ConnectAsync(Options);
        await using var _ = client;
        var call = client.ListAsync();
        var line = await ReceiveAsync(peer);
        await peer.SendAsync(Granted);
        await peer.SendAsync(Denied with { Code = ErrorCode.Unauthorized, Message = "the key was revoked" });
        await peer.SendAsync(new VmListReply { Instances = [], Meta = ReplyMeta.For(line.RequestId) });
        Assert.Empty(await call.WaitAsync(ScriptedServer.Patience));
        Assert.Equal((false, "the key was revoked"), (client.Grant!.Granted, client.Grant.Message));
    }

    [Fact]
    public async Task Without_a_credential_lines_go_bare()
    {
        await using var server = new ScriptedServer();
        var (client, peer) = await server.ConnectAsync();
        await using var _ = client;
        var call = client.ListAsync();
        await peer.AnswerAsync<VmList>(_ => new VmListReply { Instances = [] });
        await call.WaitAsync(ScriptedServer.Patience);
    }

    [Fact]
    public void Nothing_that_is_printed_of_a_credential_shows_its_key()
    {
        var shown = $"{Credential} {Options} {JsonSerializer.Serialize(Credential)}";
        Assert.Contains(Credential.Fingerprint, shown, StringComparison.Ordinal);
        Assert.DoesNotContain("0123456789abcdef0123456789abcdef", shown, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToBase64String(Key), shown, StringComparison.Ordinal);
        Assert.DoesNotContain("Key", shown, StringComparison.Ordinal);
    }

    [Fact]
    public void A_credential_has_a_key_of_16_bytes_at_least_and_a_role_that_can_be_one()
    {
        Assert.Equal(MessageSignature.FingerprintOf(Key), Credential.Fingerprint);
        Assert.Equal(new AgentCredential([.. Key], "sandboxed"), Credential);
        Assert.NotEqual(new AgentCredential(Key, "trusted"), Credential);
        var shortKey = Assert.Throws<ArgumentException>(() => new AgentCredential(new byte[15], "sandboxed"));
        Assert.StartsWith("The key has 15 bytes; it must have at least 16.", shortKey.Message, StringComparison.Ordinal);
        var role = Assert.Throws<ArgumentException>(() => new AgentCredential(Key, "two words"));
        Assert.StartsWith("The role is \"two words\"; it must be a string of 1 to 64", role.Message, StringComparison.Ordinal);
    }

    private static async Task<WrappedLine> ReceiveAsync(ScriptedPeer peer)
    {
        var line = LineWrapping.Unwrap(Encoding.UTF8.GetBytes((await peer.ReceiveLineAsync())!)).Wrapped;
        Assert.NotNull(line);
        return line;
    }

    /// <summary>Always noon; timers run as they do.</summary>
    private sealed class NoonClock : TimeProvider
    {
        public static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Noon;
    }
}
