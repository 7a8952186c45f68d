using System.Globalization;
using System.Net;
using Akka.Actor;
using Akka.Configuration;
using Akka.Hosting;
using Hydravisor.Actors.Gateway.Tls;
using Hydravisor.Actors.Setup;
using Hydravisor.Actors.Setup.Health;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Serilog;

namespace Hydravisor.Host.Serve;

/// <summary>The process of a node, from its settings to its end.</summary>
internal static class NodeProcess
{
    /// <summary>Runs a node until it is told to stop. A node that the others of its cluster gave up begins anew and joins them.</summary>
    /// <returns>0, or 1 where it could not start; the reason is on standard error.</returns>
    public static async Task<int> RunAsync(string profile, Func<string, string?> environment)
    {
        using var signals = new NodeSignals();
        var stop = signals.StopWanted;
        using var pid = new PidFile();
        await using var pages = new HealthPages();
        try
        {
            var lives = new NodeLives(TimeProvider.System, told => Console.Error.WriteLineAsync($"hydravisor: {told}"));
            var ended = await lives.RunAsync(() => LiveAsync(pid, pages, profile, environment, signals), stop).ConfigureAwait(false);
            return ended is NodeEnd.CannotGoOn ? 1 : 0;
        }
        catch (SettingException e)
        {
            await Console.Error.WriteLineAsync($"hydravisor: {e.Message}").ConfigureAwait(false);
            return 1;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return 0;
        }
    }

    private static async Task<NodeEnd> LiveAsync(PidFile pid, HealthPages pages, string profile, Func<string, string?> environment, NodeSignals signals)
    {
        var config = Load(profile, environment);
        var settings = NodeSettings.Read(config);
        using var data = DataDirectory.Open(settings.DataDirectory, settings.NodeName);
        await using var log = Logs.Build(settings.Log, data);
        Log.Logger = log;
        var health = await pages.BeginAsync(settings, data.NodeName).ConfigureAwait(false);
        await using var journal = await NodeJournal.OpenAsync(settings, data.NodeName, TimeProvider.System, told => Log.Warning("{Told}", told)).ConfigureAwait(false);
        health.Watch(journal);
        await using var access = await NodeAccess.OpenAsync(settings, TimeProvider.System, told => Log.Warning("{Told}", told)).ConfigureAwait(false);
        using var tls = NodeTls.Open(settings.Gateway.Tls, TimeProvider.System, told => Log.Information("{Told}", told), told => Log.Warning("{Told}", told));
        using var reloads = signals.OnReload(() =>
        {
            _ = ReloadAsync(access, profile, environment);
            tls?.Look();
        });
        return await ServeAsync(config, settings, data, journal, access, tls, pid, health, profile, () => signals.StopWanted.IsCancellationRequested).ConfigureAwait(false);
    }

    private static Config Load(string profile, Func<string, string?> environment) =>
        NodeConfig.Load(Path.Combine(AppContext.BaseDirectory, "hocon"), profile, environment);

    // The whole configuration is read, and of it the policy is taken: the rest needs a start.
    private static async Task ReloadAsync(NodeAccess access, string profile, Func<string, string?> environment)
    {
        try
        {
            var before = access.Control.Policy.Digest;
            await access.ReloadAsync(NodeSettings.Read(Load(profile, environment)).Policy).ConfigureAwait(false);
            Log.Information("the policy was read again: {Digest}, was {Before}", access.Control.Policy.Digest, before);
        }
        catch (SettingException e)
        {
            Log.Error("the policy stays as it is, {Digest}, since the new one cannot be used: {Reason}", access.Control.Policy.Digest, e.Message);
        }
    }

    private static IHost BuildHost(NodeSettings settings, Config config)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddSerilog(dispose: false);
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(90));
        builder.Services.Configure<ConsoleLifetimeOptions>(options => options.SuppressStatusMessages = true);
        builder.Services.AddAkka(Node.SystemName, akka => (settings.Cluster is { } cluster ? akka.AddSetup(ClusterWiring.Tls(cluster)) : akka)
            .AddHocon(config, HoconAddMode.Replace)
            .ConfigureLoggers(loggers =>
            {
                loggers.ClearLoggers();
                loggers.AddLoggerFactory();
            }));
        return builder.Build();
    }

    private static async Task<NodeEnd> ServeAsync(Config config, NodeSettings settings, DataDirectory data, NodeJournal journal, NodeAccess access, TlsWatch? tls, PidFile pid, NodeHealth health, string profile, Func<bool> isToStop)
    {
        health.Starts("finding out how guests run");
        var parts = await NodeParts.BuildAsync(settings, data, config, told => Log.Information("{Told}", told)).ConfigureAwait(false);
        using var host = BuildHost(settings, ClusterWiring.With(
            NodeConfig.WithJournal(NodeConfig.WithLogLevel(config, settings.Log.Level), journal.Address), settings.Cluster, data.NodeName, journal.Epoch));
        health.Starts("starting its actors");
        await host.StartAsync().ConfigureAwait(false);
        var logger = host.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Hydravisor");
        var system = host.Services.GetRequiredService<ActorSystem>();
        try
        {
            if (isToStop())
            {
                // Before the host was there to hear of it.
                throw new OperationCanceledException("before there was anything to stop");
            }

            var endpoint = await Node.StartAsync(
                system, settings, data.NodeName, access.Control, tls, parts.Hypervisor, parts.Terminals, parts.Images, health, TimeProvider.System).ConfigureAwait(false);
            WarnOfOpenDoors(logger, settings, tls, endpoint);
            health.Serves();
            pid.Write(Path.Combine(data.Root, "node.pid"));
            logger.LogInformation("node {Node} ({Profile}, {Hypervisor}) serving on {Endpoint}", data.NodeName, profile, settings.Hypervisor, endpoint);
            await Console.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"serving on {endpoint}")).ConfigureAwait(false);
            if (await Task.WhenAny(host.WaitForShutdownAsync(), journal.Ended).ConfigureAwait(false) == journal.Ended)
            {
                var end = settings.Cluster is null ? NodeEnd.CannotGoOn : NodeEnd.GivenUp;
                logger.LogCritical("the node ends: {Reason}{Then}", await journal.Ended.ConfigureAwait(false), end is NodeEnd.GivenUp ? "; it begins anew" : "");
                await host.StopAsync().ConfigureAwait(false);
                return end;
            }

            return IsTold(system, isToStop) || settings.Cluster is null ? NodeEnd.AsTold : BeginsAnew(logger, system);
        }
        catch (Exception e)
        {
            // Akka hears the signal too, and may end its actors before our own handler is called.
            var isTold = IsTold(system, isToStop);
            await host.StopAsync().ConfigureAwait(false);
            if (!isTold)
            {
                if (CoordinatedShutdown.Get(system).ShutdownReason is CoordinatedShutdown.ClusterDowningReason)
                {
                    return BeginsAnew(logger, system);
                }

                throw;
            }

            // Its actors end under what is being started: in whichever way that shows, it is what was wanted.
            logger.LogInformation("the node was told to stop while it started ({Reason})", e.Message);
            return NodeEnd.AsTold;
        }
    }

    private static bool IsTold(ActorSystem system, Func<bool> isToStop) => isToStop() || CoordinatedShutdown.Get(system).ShutdownReason is CoordinatedShutdown.ClrExitReason;

    private static NodeEnd BeginsAnew(Microsoft.Extensions.Logging.ILogger logger, ActorSystem system)
    {
        var reason = CoordinatedShutdown.Get(system).ShutdownReason;
        logger.LogCritical(
            "the node ends: {Reason}; it begins anew",
            reason is CoordinatedShutdown.ClusterDowningReason ? "the others of its cluster went on without it" : $"its actors ended, and nobody wanted that ({reason?.GetType().Name ?? "for no reason"})");
        return NodeEnd.GivenUp;
    }

    private static void WarnOfOpenDoors(Microsoft.Extensions.Logging.ILogger logger, NodeSettings settings, TlsWatch? tls, IPEndPoint endpoint)
    {
        if (settings.Policy.TrustsLoopback)
        {
            logger.LogWarning("the policy trusts every process of this machine: anybody on it may create, use and delete VMs. For development only");
        }

        if (tls is null && !IPAddress.IsLoopback(endpoint.Address))
        {
            logger.LogWarning(
                "the node listens on {Endpoint} WITHOUT TLS: whoever is on the way reads all that is said, terminals and logs too, and can alter answers. Set hydravisor.gateway.tls",
                endpoint);
        }
    }
}
