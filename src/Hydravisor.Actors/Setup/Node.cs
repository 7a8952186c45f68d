using System.Net;
using System.Security.Cryptography;
using Akka.Actor;
using Akka.Event;
using Hydravisor.Actors.Access;
using Hydravisor.Actors.Audit.Checkpoints;
using Hydravisor.Actors.Audit.Ledger;
using Hydravisor.Actors.Cluster;
using Hydravisor.Actors.Cluster.Reach;
using Hydravisor.Actors.Gateway;
using Hydravisor.Actors.Gateway.Tls;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Images;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Sessions;
using Hydravisor.Actors.Terminals;
using Hydravisor.Actors.Vms;

namespace Hydravisor.Actors.Setup;

/// <summary>A node's actors: the host and the gateway, wired and bound to the actor system's life.</summary>
internal static class Node
{
    /// <summary>The name of the actor system.</summary>
    public const string SystemName = "hydravisor";

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    /// <summary>Starts the actors and listens.</summary>
    /// <returns>Where the node listens.</returns>
    /// <exception cref="SettingException">It cannot listen there, or cannot read back what it has.</exception>
    public static async Task<IPEndPoint> StartAsync(
        ActorSystem system, NodeSettings settings, string nodeName, AccessControl access, TlsWatch? tls, IHypervisor hypervisor, ITerminals terminals, IImages images, TimeProvider time)
    {
        var roster = new Roster();
        var log = Logging.GetLogger(system, typeof(Node));
        var ledger = OpenLedger(system, settings, nodeName, access, time);
        var ports = VmPorts.Open(
            settings.DataDirectory, settings.Logs, settings.Recordings, hypervisor, terminals, ledger, roster.MayHave, time, told => log.Warning("{Told}", told));
        var hostParts = new HostParts(nodeName, ports, images, roster, settings.Host, settings.Vm, access, time);
        var host = system.ActorOf(Props.Create(() => new HostActor(hostParts)), "host");
        // Nobody is served before the node knows what it has: it would deny VMs that it once promised.
        var ready = await host.Ask<HostRecovery.Ready>(new HostRecovery.Await()).ConfigureAwait(false);
        if (ready.Trouble is { } trouble)
        {
            throw new SettingException($"the registry of VMs cannot be read back from the journal: {trouble}");
        }

        await RecordStartAsync(ledger, settings).ConfigureAwait(false);
        var checkpoints = OpenCheckpoints(system, settings, nodeName, time);
        var (directory, feeds) = OpenDirectory(system, settings, nodeName, host, roster, ports, time);
        var sessionParts = new SessionParts(directory, feeds, ledger, access, settings.Session, time);
        var gateway = system.ActorOf(Props.Create(() => new GatewayActor(settings.Gateway, sessionParts, tls)), "gateway");
        BindToShutdown(system, gateway, ports, checkpoints, settings);
        if (settings.Cluster is { } cluster)
        {
            ClusterWiring.Join(system, cluster);
        }

        return await gateway.Ask<object>(new GatewayActor.Bind()).ConfigureAwait(false) switch
        {
            GatewayActor.Listening listening => listening.Endpoint,
            GatewayActor.CannotListen cannot => throw new SettingException(
                $"cannot listen on {settings.Gateway.Listen}: {cannot.Reason}. Another program may have the port; set HYDRAVISOR_LISTEN to another one."),
            var other => throw new InvalidOperationException($"The gateway answered {other}."),
        };
    }

    private static (IVmDirectory Directory, IVmFeeds Feeds) OpenDirectory(
        ActorSystem system, NodeSettings settings, string nodeName, IActorRef host, Roster roster, VmPorts ports, TimeProvider time)
    {
        var local = new LocalFeeds(ports);
        if (settings.Cluster is null)
        {
            return (new LocalDirectory(host, roster), local);
        }

        var (members, places) = (new Members(nodeName), new PostgresPlaces((JournalAddress.Database)settings.Journal!));
        system.RegisterOnTermination(() => _ = places.DisposeAsync().AsTask());
        var parts = new DirectoryParts(host, roster, members, places, settings.Session.RequestTimeout / 2, time);
        var directory = system.ActorOf(Props.Create(() => new DirectoryActor(parts)), "directory");
        system.ActorOf(Props.Create(() => new MembersActor(members, directory, time)), "members");
        system.ActorOf(Props.Create(() => new ReachActor(ports)), ReachActor.Name);
        return (new ClusterDirectory(host, roster, members, directory), new ClusterFeeds(local, members, system, parts.AnswerWithin));
    }

    private static NodeLedger OpenLedger(ActorSystem system, NodeSettings settings, string nodeName, AccessControl access, TimeProvider time)
    {
        var reserve = new DiskReserve(settings.DataDirectory, settings.Audit.ReserveBytes);
        var ledger = NodeLedger.Start(system, new LedgerParts(nodeName, reserve, LookEvery, settings.Host.RestartMin, settings.Host.RestartMax, time));
        ledger.Follow(access);
        return ledger;
    }

    // Before anybody is served; a node whose ledger cannot be written serves too, and changes nothing.
    private static async Task RecordStartAsync(NodeLedger ledger, NodeSettings settings)
    {
        var (cause, started) = (Cause.Observed("node:started"), new LedgerEvents.NodeStarted(
            typeof(Node).Assembly.GetName().Version?.ToString() ?? "", Environment.ProcessId, settings.Gateway.Listen.ToString()));
        if (await ledger.RecordAsync(cause, started).ConfigureAwait(false) is not null)
        {
            ledger.Note(cause, started);
        }
    }

    private static NodeCheckpoints OpenCheckpoints(ActorSystem system, NodeSettings settings, string nodeName, TimeProvider time)
    {
        try
        {
            var key = NodeKey.Open(settings.DataDirectory);
            system.RegisterOnTermination(key.Dispose);
            Logging.GetLogger(system, typeof(Node)).Info("checkpoints are signed by the key {Key}", key.Fingerprint);
            var journal = JournalAddress.Of(system.Settings.Config.GetConfig("akka.persistence.journal.sql"));
            return NodeCheckpoints.Start(system, new CheckpointParts(
                nodeName, journal, key, settings.Audit.Checkpoints, LookEvery, settings.Host.RestartMin, settings.Host.RestartMax, time));
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new SettingException($"the node's key cannot be used: {e.Message}");
        }
    }

    private static void BindToShutdown(ActorSystem system, IActorRef gateway, VmPorts ports, NodeCheckpoints checkpoints, NodeSettings settings)
    {
        var shutdown = CoordinatedShutdown.Get(system);
        shutdown.AddTask(CoordinatedShutdown.PhaseServiceRequestsDone, "drain-sessions", async () =>
        {
            await gateway.Ask<Akka.Done>(new GatewayActor.Drain(), settings.Gateway.DrainTimeout + TimeSpan.FromSeconds(5)).ConfigureAwait(false);
            return Akka.Done.Instance;
        });
        shutdown.AddTask(CoordinatedShutdown.PhaseServiceStop, "close-ledger", async () =>
        {
            await ports.Ledger.RecordAsync(Cause.Observed("node:stopped"), new LedgerEvents.NodeStopped()).ConfigureAwait(false);
            await checkpoints.MakeAsync().ConfigureAwait(false);
            return Akka.Done.Instance;
        });
        shutdown.AddTask(CoordinatedShutdown.PhaseBeforeActorSystemTerminate, "leave-hypervisor", async () =>
        {
            await ports.DisposeAsync().ConfigureAwait(false);
            await ports.Hypervisor.DisposeAsync().ConfigureAwait(false);
            return Akka.Done.Instance;
        });
    }
}
