using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Hydravisor.Client;
using Hydravisor.Client.Tests;
using Hydravisor.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Wire;

/// <summary>Agents whose client certificate is who they are, on the production profile.</summary>
public sealed class CertificateAgentTests(ITestOutputHelper output) : EndToEndTest(output)
{
    private const string List = """{"type":"vm/list"}""";
    private readonly TlsNode _tls = new();

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _tls.Dispose();
    }

    [Fact]
    public async Task An_agent_with_a_certificate_makes_a_VM_without_signing_anything()
    {
        var node = await StartSecureNodeAsync();
        using var certificate = _tls.Authority.Agent();
        await AddAsync(node, certificate, "by-certificate");
        await using var connection = await _tls.ConnectAsync(node, certificate);

        // A certificate alone says who is there, not in which role.
        (await connection.AskAsync(List)).MustBeError(401, "strangers");
        await connection.SendAsync(Wrap(certificate, SigningAgent.Message("vm/create", null, "\"os\":\"tiny\"", "r1")));
        var grant = await connection.LineAsync(line => line.Type() == "mcp/authorize", "the grant");
        Assert.True(grant.Flag("granted"));
        Assert.Equal(TestAuthority.FingerprintOf(certificate), grant.Text("agent_fingerprint"));
        Assert.Equal(certificate.NotAfter.ToUniversalTime(), DateTimeOffset.Parse(grant.Text("expires_at")!, CultureInfo.InvariantCulture).UtcDateTime);
        var id = (await connection.ReplyAsync("r1")).MustBeOk("vm/create").Id();
        await connection.BroadcastAsync(id, "running");
        Assert.Single((await connection.AskAsync(List)).MustBeOk("vm/list").GetProperty("instances").EnumerateArray());
    }

    [Fact]
    public async Task Without_the_certificate_on_the_connection_or_with_a_nonce_that_was_used_nothing_is_done()
    {
        var node = await StartSecureNodeAsync();
        using var certificate = _tls.Authority.Agent();
        using var stranger = _tls.Authority.Agent("stranger");
        await AddAsync(node, certificate);
        var line = Wrap(certificate, List[..^1] + ",\"meta\":{\"request_id\":\"once\"}}");
        foreach (var shown in new[] { null, stranger })
        {
            await using var other = await _tls.ConnectAsync(node, shown);
            await other.SendAsync(line);
            (await other.ReplyAsync("once")).MustBeError(401, "hmac is missing");
        }

        await using var connection = await _tls.ConnectAsync(node, certificate);
        await connection.SendAsync(Wrap(certificate, List[..^1] + ",\"meta\":{\"request_id\":\"signed\"}}", hmac: new string('0', 64)));
        (await connection.ReplyAsync("signed")).MustBeError(401, "leave hmac out");
        await connection.SendAsync(line);
        (await connection.ReplyAsync("once")).MustBeOk("vm/list");
        await connection.SendAsync(line);
        (await connection.ReplyAsync("once")).MustBeError(401, "nonce");
        await using var unknown = await _tls.ConnectAsync(node, stranger);
        await unknown.SendAsync(Wrap(stranger, List));
        (await unknown.ErrorAsync()).MustBeError(401, "no agent with the client certificate");
    }

    [Fact]
    public async Task An_agent_with_a_key_uses_it_over_TLS_and_bare_messages_are_taken_after_it()
    {
        var node = await StartSecureNodeAsync();
        var agent = await SigningAgent.AddAsync(node, "trusted");
        await using var connection = await _tls.ConnectAsync(node);
        (await agent.AskAsync(connection, "vm/list")).MustBeOk("vm/list");
        (await connection.AskAsync(List)).MustBeOk("vm/list");
    }

    [Fact]
    public async Task A_revoked_certificate_ends_a_live_grant_at_once_and_a_rotated_one_keeps_the_VMs()
    {
        var node = await StartSecureNodeAsync();
        using var first = _tls.Authority.Agent("first");
        using var second = _tls.Authority.Agent("second");
        await AddAsync(node, first, "bot");
        await using var connection = await _tls.ConnectAsync(node, first);
        await connection.SendAsync(Wrap(first, SigningAgent.Message("vm/create", null, "\"os\":\"tiny\"", "r1")));
        var id = (await connection.ReplyAsync("r1")).MustBeOk("vm/create").Id();
        await connection.LineAsync(line => line.Type() == "mcp/authorize", "the grant");

        await SigningAgent.VerbAsync(node, "rotate", "bot", "--certificate", _tls.PutAgent(second, "second").Certificate, "--overlap", "0");
        Assert.False((await connection.LineAsync(line => line.Type() == "mcp/authorize", "the end of the grant")).Flag("granted"));
        (await connection.AskAsync(List)).MustBeError(401);
        await using var after = await _tls.ConnectAsync(node, second);
        await after.SendAsync(Wrap(second, SigningAgent.Message("vm/state", id, "\"query\":true", "r2")));
        Assert.Equal("vm/state", (await after.ReplyAsync("r2")).Type());
        await after.LineAsync(line => line.Type() == "mcp/authorize", "the grant");
        await SigningAgent.VerbAsync(node, "revoke", "bot");
        Assert.False((await after.LineAsync(line => line.Type() == "mcp/authorize", "the end of the grant")).Flag("granted"));
    }

    [Fact]
    public async Task A_grant_ends_when_the_certificate_does_though_the_connection_goes_on()
    {
        var node = await StartNodeAsync(_tls.Options("optional", "node", "hydravisor.session.request-timeout = 400ms"));

        // Long enough for an agent to be added and a handshake to be made, on a machine that has much to do.
        using var certificate = _tls.Authority.Agent(until: DateTimeOffset.UtcNow.AddSeconds(15));
        await AddAsync(node, certificate);
        await using var connection = await _tls.ConnectAsync(node, certificate);
        await connection.SendAsync(Wrap(certificate, List));
        Assert.True((await connection.LineAsync(line => line.Type() == "mcp/authorize", "the grant")).Flag("granted"));
        var end = await connection.LineAsync(line => line.Type() == "mcp/authorize", "the end of the grant");
        Assert.False(end.Flag("granted"));
        Assert.Contains("expired", end.Text("message"), StringComparison.Ordinal);
        Assert.True(DateTimeOffset.UtcNow >= certificate.NotAfter);
        (await connection.AskAsync(List)).MustBeError(401);
    }

    [Fact]
    public async Task The_verbs_and_the_client_show_a_certificate()
    {
        var node = await StartSecureNodeAsync();
        using var certificate = _tls.Authority.Agent();
        var (file, key) = await AddAsync(node, certificate, "by-certificate");
        var credential = new AgentCredential(certificate, "trusted");
        await using (var client = await node.ConnectClientAsync(new HydravisorClientOptions
        {
            Credential = credential,
            Tls = new TlsOptions { Authorities = [_tls.Authority.Certificate], Certificate = certificate },
        }))
        {
            Assert.Empty(await client.ListAsync());
            Assert.True(client.Grant?.Granted);
        }

        var listed = await Run.CheckedAsync(
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
            [
                Path.Combine(AppContext.BaseDirectory, "hydravisor.dll"), "vm", "list", "-o", "json", "--connect", $"localhost:{node.Endpoint.Port}",
                "--ca", _tls.CaFile, "--certificate", file, "--certificate-key", key, "--agent-role", "trusted",
            ]);
        Assert.Equal("[]\n", listed);
        Assert.Contains("by-certificate", await SigningAgent.VerbAsync(node, "list"), StringComparison.Ordinal);
    }

    private Task<NodeUnderTest> StartSecureNodeAsync() => StartNodeAsync(_tls.Options("optional", "node"));

    private async Task<(string Certificate, string Key)> AddAsync(NodeUnderTest node, X509Certificate2 certificate, string name = "agent")
    {
        var files = _tls.PutAgent(certificate, name);
        var added = JsonDocument.Parse(await SigningAgent.VerbAsync(node, "add", "--role", "trusted", "--name", name, "--certificate", files.Certificate, "-o", "json")).RootElement;
        Assert.Equal(TestAuthority.FingerprintOf(certificate), added.Text("fingerprint"));
        Assert.False(added.Has("key"));
        return files;
    }

    private static string Wrap(X509Certificate2 certificate, string message, string? hmac = null)
    {
        var now = DateTimeOffset.UtcNow.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        var signature = hmac is null ? "" : $"\"hmac\":\"{hmac}\",";
        return $$"""{"agent_fingerprint":"{{TestAuthority.FingerprintOf(certificate)}}","role":"trusted","timestamp":"{{now}}","nonce":"{{RandomNumberGenerator.GetHexString(32)}}",{{signature}}"message":{{message}}}""";
    }
}
