using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Hydravisor.Actors.Setup;
using Hydravisor.Actors.Setup.Health;
using Hydravisor.Host.Serve;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hydravisor.Host.Tests;

/// <summary>The pages that tell how a node is, over real HTTP.</summary>
public sealed class HealthServerTests : IAsyncLifetime
{
    private readonly HttpClient _client = new();
    private HealthServer? _server;
    private HealthReport _now = Report(alive: true, ready: true);
    private int _looks;

    public async Task InitializeAsync() => _server = await StartAsync(new IPEndPoint(IPAddress.Loopback, 0));

    public async Task DisposeAsync()
    {
        await _server!.DisposeAsync();
        _client.Dispose();
    }

    [Theory]
    [InlineData(true, true, 200, 200)]
    [InlineData(true, false, 200, 503)]
    [InlineData(false, false, 503, 503)]
    public async Task One_page_tells_whether_it_lives_and_the_other_whether_it_is_ready(bool alive, bool ready, int healthz, int readyz)
    {
        _now = Report(alive, ready);
        foreach (var (page, code) in new[] { ("healthz", healthz), ("readyz", readyz) })
        {
            using var answer = await _client.GetAsync($"{_server!.Address}/{page}");
            Assert.Equal((code, "application/json"), ((int)answer.StatusCode, answer.Content.Headers.ContentType!.ToString()));
            Assert.True(answer.Headers.CacheControl!.NoStore);
            Assert.Empty(answer.Headers.Server);
            var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
            Assert.Equal((alive, ready, "one"), (json.GetProperty("alive").GetBoolean(), json.GetProperty("ready").GetBoolean(), json.GetProperty("name").GetString()));
        }
    }

    [Fact]
    public async Task HEAD_is_answered_as_GET_without_the_body()
    {
        using var request = new HttpRequestMessage(HttpMethod.Head, $"{_server!.Address}/readyz");
        using var answer = await _client.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.True(answer.Content.Headers.ContentLength > 0);
        Assert.Empty(await answer.Content.ReadAsByteArrayAsync());
    }

    [Theory]
    [InlineData("POST", "/healthz", 405)]
    [InlineData("PUT", "/readyz", 405)]
    [InlineData("DELETE", "/healthz", 405)]
    [InlineData("OPTIONS", "/readyz", 405)]
    [InlineData("GET", "/", 404)]
    [InlineData("GET", "/healthz/", 404)]
    [InlineData("GET", "/Healthz", 404)]
    [InlineData("POST", "/metrics", 404)]
    [InlineData("GET", "/../etc/passwd", 404)]
    public async Task What_else_is_asked_is_refused_and_nobody_looks(string method, string path, int code)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), _server!.Address + path);
        using var answer = await _client.SendAsync(request);
        Assert.Equal((code, 0), ((int)answer.StatusCode, _looks));
        Assert.Equal(code == 405 ? ["GET", "HEAD"] : [], answer.Content.Headers.Allow);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_named()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var taken = (IPEndPoint)other.LocalEndpoint;
        var refusal = await Assert.ThrowsAsync<SettingException>(() => StartAsync(taken));
        Assert.Contains($"cannot listen on {taken} for health", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("HYDRAVISOR_HEALTH_LISTEN", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_that_is_not_of_this_machine_is_named() =>
        Assert.Contains("192.0.2.1:7413", (await Assert.ThrowsAsync<SettingException>(() => StartAsync(IPEndPoint.Parse("192.0.2.1:7413")))).Message, StringComparison.Ordinal);

    [Fact]
    public async Task Without_an_address_there_is_none() => Assert.Null(await StartAsync(null));

    private static HealthReport Report(bool alive, bool ready)
    {
        var part = new HealthPart(ready, "so");
        return new HealthReport(alive, ready, "one", "1.2.3", 4, part, part, part, part);
    }

    private Task<HealthServer?> StartAsync(IPEndPoint? listen) => HealthServer.StartAsync(
        listen,
        () =>
        {
            Interlocked.Increment(ref _looks);
            return Task.FromResult(_now);
        },
        NullLoggerFactory.Instance);
}
