using System.Net;
using Hydravisor.Actors.Setup;
using Hydravisor.Actors.Setup.Health;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Serilog.Extensions.Logging;

namespace Hydravisor.Host.Serve;

/// <summary>The health that a process tells over all lives of its node: they begin with the first one, and end after the last. Disposing of it ends them.</summary>
internal sealed class HealthPages : IAsyncDisposable
{
    // Each life has a log of its own; the pages outlive it.
    private readonly SerilogLoggerFactory _loggers = new(new LoggerConfiguration().MinimumLevel.Warning().WriteTo.Sink(new LogOfNow()).CreateLogger(), dispose: true);
    private HealthServer? _server;
    private IPEndPoint? _listen;
    private volatile NodeHealth? _now;

    /// <summary>A life of the node begins.</summary>
    /// <param name="settings">Its settings.</param>
    /// <param name="node">Its name.</param>
    /// <returns>To be told how it goes on.</returns>
    /// <exception cref="SettingException">Health cannot be told where it should be.</exception>
    public async Task<NodeHealth> BeginAsync(NodeSettings settings, string node)
    {
        var health = new NodeHealth(node, settings.Hypervisor, settings.Cluster is not null, TimeProvider.System);
        health.Starts("opening the journal");
        _now = health;
        if (!Equals(_listen, settings.HealthListen))
        {
            await DropAsync().ConfigureAwait(false);
            _server = await HealthServer.StartAsync(settings.HealthListen, () => _now.LookAsync(), _loggers).ConfigureAwait(false);
            _listen = settings.HealthListen;
            if (_server is not null)
            {
                Log.Information("health is told at {Address}/healthz and {Address}/readyz, to whoever asks", _server.Address, _server.Address);
            }
        }

        return health;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await DropAsync().ConfigureAwait(false);
        _loggers.Dispose();
    }

    private async Task DropAsync()
    {
        if (_server is { } server)
        {
            (_server, _listen) = (null, null);
            await server.DisposeAsync().ConfigureAwait(false);
        }
    }

    private sealed class LogOfNow : ILogEventSink
    {
        public void Emit(LogEvent logEvent) => Log.Write(logEvent);
    }
}
