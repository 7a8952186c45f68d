using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Hydravisor.Actors.Setup;
using Hydravisor.Actors.Setup.Health;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Hydravisor.Host.Serve;

/// <summary>Tells programs that watch over nodes how this one is: <c>/healthz</c> and <c>/readyz</c> over HTTP. Disposing of it ends it.</summary>
/// <remarks>Kestrel with nothing over it: two pages need no routes, no services, no configuration, and no second host that would hear the signals too.</remarks>
internal sealed class HealthServer : IHttpApplication<HttpContext>, IAsyncDisposable
{
    // Who watches is few, asks for little, and says no more than where.
    private const int ConnectionsMax = 64;
    private const int RequestBytesMax = 8 * 1024;

    private static readonly TimeSpan SilenceMax = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan HeadersWithin = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan EndWithin = TimeSpan.FromSeconds(2);

    private readonly KestrelServer _server;
    private readonly Func<Task<HealthReport>> _look;

    private HealthServer(KestrelServer server, Func<Task<HealthReport>> look) => (_server, _look) = (server, look);

    /// <summary>Where it listens.</summary>
    public string Address => _server.Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Single();

    /// <summary>Starts it.</summary>
    /// <param name="listen">Where; null: not at all.</param>
    /// <param name="look">How the node is now.</param>
    /// <param name="loggers">Where Kestrel's own troubles go.</param>
    /// <returns>Null: there is nowhere to listen.</returns>
    /// <exception cref="SettingException">It cannot listen there.</exception>
    public static async Task<HealthServer?> StartAsync(IPEndPoint? listen, Func<Task<HealthReport>> look, ILoggerFactory loggers)
    {
        if (listen is null)
        {
            return null;
        }

        var options = new KestrelServerOptions { AddServerHeader = false };
        options.Listen(listen, endpoint => endpoint.Protocols = HttpProtocols.Http1);
        options.Limits.MaxConcurrentConnections = ConnectionsMax;
        options.Limits.MaxRequestLineSize = RequestBytesMax;
        options.Limits.MaxRequestBufferSize = RequestBytesMax;
        options.Limits.MaxRequestHeadersTotalSize = RequestBytesMax;
        options.Limits.MaxRequestBodySize = RequestBytesMax;
        options.Limits.KeepAliveTimeout = SilenceMax;
        options.Limits.RequestHeadersTimeout = HeadersWithin;
        var server = new KestrelServer(Options.Create(options), new SocketTransportFactory(Options.Create(new SocketTransportOptions()), loggers), loggers);
        var health = new HealthServer(server, look);
        try
        {
            await server.StartAsync(health, CancellationToken.None).ConfigureAwait(false);
            return health;
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            server.Dispose();
            throw new SettingException(
                $"cannot listen on {listen} for health: {e.GetBaseException().Message}. Another program may have the port; set HYDRAVISOR_HEALTH_LISTEN to another one.");
        }
    }

    /// <inheritdoc/>
    public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

    /// <inheritdoc/>
    public async Task ProcessRequestAsync(HttpContext context)
    {
        var (request, response) = (context.Request, context.Response);
        if (request.Path.Value is not ("/healthz" or "/readyz"))
        {
            response.StatusCode = StatusCodes.Status404NotFound;
        }
        else if (!HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method))
        {
            response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            response.Headers.Allow = "GET, HEAD";
        }
        else
        {
            var report = await _look().ConfigureAwait(false);
            var isWell = request.Path.Value == "/healthz" ? report.Alive : report.Ready;
            var body = JsonSerializer.SerializeToUtf8Bytes(report, HealthJson.Default.HealthReport);
            response.StatusCode = isWell ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
            response.ContentType = "application/json";
            response.ContentLength = body.Length;
            response.Headers.CacheControl = "no-store";
            if (HttpMethods.IsGet(request.Method))
            {
                await response.Body.WriteAsync(body, context.RequestAborted).ConfigureAwait(false);
            }
        }
    }

    /// <inheritdoc/>
    public void DisposeContext(HttpContext context, Exception? exception)
    {
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(EndWithin);
        await _server.StopAsync(limit.Token).ConfigureAwait(false);
        _server.Dispose();
    }
}
