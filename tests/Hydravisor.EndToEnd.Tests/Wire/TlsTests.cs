using Hydravisor.Client;
using Hydravisor.Client.Tests;
using Hydravisor.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Wire;

/// <summary>TLS as a stranger sees it: by the real <c>openssl s_client</c>, and by our own client and verbs.</summary>
public sealed class TlsTests(ITestOutputHelper output) : EndToEndTest(output)
{
    private const string Heartbeat = """{"type":"mcp/heartbeat"}""";
    private readonly TlsNode _tls = new();

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _tls.Dispose();
    }

    [Fact]
    public async Task A_stranger_who_checks_the_certificate_is_served_over_TLS_1_3()
    {
        var node = await StartNodeAsync(_tls.Options());
        await node.Output.LineWithAsync("TLS 1.3");
        await using var stranger = OpenSsl.Connect(node, _tls);
        await stranger.SaysAsync("Verify return code: 0 (ok)");
        Assert.Contains("TLSv1.3", stranger.Said, StringComparison.Ordinal);
        await stranger.SendAsync(Heartbeat);
        await stranger.SaysAsync("\"type\":\"mcp/heartbeat\",\"ok\":true");
        await stranger.SendAsync("""{"type":"vm/create","os":"tiny"}""");
        await stranger.SaysAsync("\"state\":\"running\"");
    }

    [Theory]
    [InlineData("-tls1_2")]
    [InlineData("-tls1_1")]
    [InlineData("-tls1")]
    public async Task Older_versions_are_refused_and_logged(string version)
    {
        var node = await StartNodeAsync(_tls.Options());
        await using var stranger = OpenSsl.Connect(node, _tls, version, "-cipher", "ALL:@SECLEVEL=0");
        Assert.Contains("alert protocol version", await stranger.EndAsync(), StringComparison.Ordinal);
        await node.Output.LineWithAsync("unsupported protocol");
        await MustServeAsync(node);
    }

    [Theory]
    [InlineData("none", "shows no certificate")]
    [InlineData("of another CA", "is refused")]
    [InlineData("expired", "NotTimeValid")]
    [InlineData("right", null)]
    public async Task Where_a_certificate_is_required_only_a_right_one_is_served(string which, string? refused)
    {
        var node = await StartNodeAsync(_tls.Options("required"));
        using var other = new TestAuthority("another authority");
        using var certificate = which switch
        {
            "of another CA" => other.Agent(),
            "expired" => _tls.Authority.Agent(until: DateTimeOffset.UtcNow.AddMinutes(-1)),
            _ => _tls.Authority.Agent(),
        };
        var (file, key) = _tls.PutAgent(certificate, "agent");
        await using var stranger = which == "none" ? OpenSsl.Connect(node, _tls) : OpenSsl.Connect(node, _tls, "-cert", file, "-key", key);
        if (refused is null)
        {
            await stranger.SendAsync(Heartbeat);
            await stranger.SaysAsync("\"type\":\"mcp/heartbeat\",\"ok\":true");
            await node.Output.LineWithAsync($"over TLS with the certificate {TestAuthority.FingerprintOf(certificate)}");
            return;
        }

        var said = await stranger.EndAsync();
        Assert.Contains("\"code\":401", said, StringComparison.Ordinal);
        Assert.Contains(refused, said, StringComparison.Ordinal);
        Assert.Contains(refused, await node.Output.LineWithAsync("a TLS handshake with 127.0.0.1"), StringComparison.Ordinal);
        Assert.DoesNotContain(node.Output.From(0), line => line.Contains("connection c1", StringComparison.Ordinal));
    }

    [Fact]
    public async Task New_certificates_are_taken_while_connections_go_on_and_broken_ones_change_nothing()
    {
        var node = await StartNodeAsync(_tls.Options());
        await using var before = await _tls.ConnectAsync(node);
        (await before.AskAsync(Heartbeat)).MustBeOk("mcp/heartbeat");
        await using (var first = OpenSsl.Connect(node, _tls))
        {
            await first.SaysAsync("subject=CN = first");
        }

        _tls.Put(_tls.Authority.Node("second"));
        await node.Output.LineWithAsync("new TLS files are in force, with the certificate of CN=second");
        await using (var second = OpenSsl.Connect(node, _tls))
        {
            await second.SaysAsync("subject=CN = second");
        }

        TestAuthority.Put(_tls.CertificateFile, "broken");
        await node.SignalAsync("HUP");
        var why = await node.Output.LineWithAsync("The TLS files that were read before stay in force");
        Assert.Contains(_tls.CertificateFile, why, StringComparison.Ordinal);
        await using (var still = OpenSsl.Connect(node, _tls))
        {
            await still.SaysAsync("subject=CN = second");
        }

        (await before.AskAsync(Heartbeat)).MustBeOk("mcp/heartbeat");
    }

    [Fact]
    public async Task A_node_whose_files_cannot_be_used_does_not_start_and_says_which()
    {
        TestAuthority.Put(_tls.CertificateFile, "broken");
        var (code, said) = await NewNode(_tls.Options()).RunToEndAsync();
        Assert.Equal(1, code);
        Assert.Contains($"hydravisor.gateway.tls: {_tls.CertificateFile} holds no certificate", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_speaks_plainly_to_it_is_told_what_is_spoken_there()
    {
        var node = await StartNodeAsync(_tls.Options());
        await using var plain = await node.ConnectAsync();
        await plain.SendAsync(Heartbeat);
        (await plain.NextAsync()).MustBeError(400, "TLS 1.3");
        await plain.EndAsync();
    }

    [Fact]
    public async Task A_node_that_listens_for_others_without_TLS_says_so_loudly()
    {
        var plain = await StartNodeAsync(new NodeOptions { Profile = "node", Listen = "0.0.0.0:0" });
        await plain.Output.LineWithAsync("WITHOUT TLS");
        var secure = await StartNodeAsync(_tls.Options(profile: "node") with { Listen = "0.0.0.0:0" });
        Assert.DoesNotContain(secure.Output.From(0), line => line.Contains("WITHOUT TLS", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Our_client_and_verbs_speak_TLS_and_check_whom_they_speak_to()
    {
        var node = await StartNodeAsync(_tls.Options());
        await using (var client = await node.ConnectClientAsync(new HydravisorClientOptions { Tls = new TlsOptions { Authorities = [_tls.Authority.Certificate] } }))
        {
            Assert.Empty(await client.ListAsync());
        }

        var address = $"localhost:{node.Endpoint.Port}";
        Assert.Equal("[]\n", (await VerbAsync("vm", "list", "-o", "json", "--connect", address, "--ca", _tls.CaFile)).Output);
        Assert.Contains("not to be trusted", await RefusedAsync("--connect", address, "--tls"), StringComparison.Ordinal);
        Assert.Contains("is not for \"elsewhere\"", await RefusedAsync("--connect", address, "--ca", _tls.CaFile, "--server-name", "elsewhere"), StringComparison.Ordinal);
        Assert.Contains("TLS 1.3 here", await RefusedAsync("--connect", address), StringComparison.Ordinal);
        var plain = await StartNodeAsync();
        Assert.Contains("does not speak TLS", await RefusedAsync("--connect", $"localhost:{plain.Endpoint.Port}", "--tls"), StringComparison.Ordinal);
    }

    private async Task MustServeAsync(NodeUnderTest node)
    {
        await using var honest = await _tls.ConnectAsync(node);
        (await honest.AskAsync(Heartbeat)).MustBeOk("mcp/heartbeat");
    }

    private static async Task<string> RefusedAsync(params string[] arguments)
    {
        var ran = await VerbAsync(["vm", "list", .. arguments]);
        Assert.True(ran.Code == 3, $"{ran.Code}: {ran.Error}");
        return ran.Error;
    }

    private static Task<Ran> VerbAsync(params string[] arguments) => Run.AnyAsync(
        Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [Path.Combine(AppContext.BaseDirectory, "hydravisor.dll"), .. arguments]);
}
