using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using Akka.Actor;
using Akka.Configuration;
using Akka.Hosting;
using Hydravisor.Actors.Gateway.Tls;
using Hydravisor.Actors.Setup;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Serilog;

namespace Hydravisor.Host.Serve;

/// <summary>The process of a node, from its settings to its end.</summary>
internal static class NodeProcess
{
    /// <summary>Runs a node until it is told to stop.</summary>
    /// <returns>0, or 1 where it could not start; the reason is on standard error.</returns>
    public static async Task<int> RunAsync(string profile, Func<string, string?> environment)
    {
        try
        {
            var config = Load(profile, environment);
            var settings = NodeSettings.Read(config);
            using var data = DataDirectory.Open(settings.DataDirectory, settings.NodeName);
            await using var log = Logs.Build(settings.Log, data);
            Log.Logger = log;
            await using var journal = await NodeJournal.OpenAsync(settings, data.NodeName, TimeProvider.System, told => Log.Warning("{Told}", told)).ConfigureAwait(false);
            using var access = NodeAccess.Open(settings.Policy, data.Root, TimeProvider.System, told => Log.Warning("{Told}", told));
            using var tls = NodeTls.Open(settings.Gateway.Tls, TimeProvider.System, told => Log.Information("{Told}", told), told => Log.Warning("{Told}", told));
            using var hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
            {
                signal.Cancel = true;
                Reload(access, profile, environment);
                tls?.Look();
            });
            return await ServeAsync(config, settings, data, journal, access, tls, profile).ConfigureAwait(false) ? 0 : 1;
        }
        catch (SettingException e)
        {
            await Console.Error.WriteLineAsync($"hydravisor: {e.Message}").ConfigureAwait(false);
            return 1;
        }
    }

    private static Config Load(string profile, Func<string, string?> environment) =>
        NodeConfig.Load(Path.Combine(AppContext.BaseDirectory, "hocon"), profile, environment);

    // The whole configuration is read, and of it the policy is taken: the rest needs a start.
    private static void Reload(NodeAccess access, string profile, Func<string, string?> environment)
    {
        try
        {
            var before = access.Control.Policy.Digest;
            access.Reload(NodeSettings.Read(Load(profile, environment)).Policy);
            Log.Information("the policy was read again: {Digest}, was {Before}", access.Control.Policy.Digest, before);
        }
        catch (SettingException e)
        {
            Log.Error("the policy stays as it is, {Digest}, since the new one cannot be used: {Reason}", access.Control.Policy.Digest, e.Message);
        }
    }

    // Whether it ended as it was told to.
    private static async Task<bool> ServeAsync(Config config, NodeSettings settings, DataDirectory data, NodeJournal journal, NodeAccess access, TlsWatch? tls, string profile)
    {
        var parts = await NodeParts.BuildAsync(settings, data, config, told => Log.Information("{Told}", told)).ConfigureAwait(false);
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddSerilog(dispose: false);
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(90));
        builder.Services.Configure<ConsoleLifetimeOptions>(options => options.SuppressStatusMessages = true);
        var whole = ClusterWiring.With(NodeConfig.WithJournal(NodeConfig.WithLogLevel(config, settings.Log.Level), journal.Address), settings.Cluster, data.NodeName);
        builder.Services.AddAkka(Node.SystemName, akka => (settings.Cluster is { } cluster ? akka.AddSetup(ClusterWiring.Tls(cluster)) : akka)
            .AddHocon(whole, HoconAddMode.Replace)
            .ConfigureLoggers(loggers =>
            {
                loggers.ClearLoggers();
                loggers.AddLoggerFactory();
            }));
        using var host = builder.Build();
        await host.StartAsync().ConfigureAwait(false);
        var logger = host.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Hydravisor");
        try
        {
            var system = host.Services.GetRequiredService<ActorSystem>();
            var endpoint = await Node.StartAsync(
                system, settings, data.NodeName, access.Control, tls, parts.Hypervisor, parts.Terminals, parts.Images, TimeProvider.System).ConfigureAwait(false);
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

            using var pid = PidFile.Write(Path.Combine(data.Root, "node.pid"));
            logger.LogInformation("node {Node} ({Profile}, {Hypervisor}) serving on {Endpoint}", data.NodeName, profile, settings.Hypervisor, endpoint);
            await Console.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"serving on {endpoint}")).ConfigureAwait(false);
            if (await Task.WhenAny(host.WaitForShutdownAsync(), journal.Ended).ConfigureAwait(false) == journal.Ended)
            {
                logger.LogCritical("the node ends: {Reason}", await journal.Ended.ConfigureAwait(false));
                await host.StopAsync().ConfigureAwait(false);
                return false;
            }

            if (CoordinatedShutdown.Get(system).ShutdownReason is CoordinatedShutdown.ClusterDowningReason)
            {
                logger.LogCritical("the node ends: the others of its cluster went on without it; started again it joins them");
                return false;
            }

            return true;
        }
        catch
        {
            await host.StopAsync().ConfigureAwait(false);
            throw;
        }
    }
}
