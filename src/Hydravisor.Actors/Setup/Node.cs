using System.Net;
using System.Security.Cryptography;
using Akka;
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
using Hydravisor.Actors.Setup.Health;
using Hydravisor.Actors.Terminals;
using Hydravisor.Actors.Vms;

namespace Hydravisor.Actors.Setup;

/// <summary>A node's actors: the host and the gateway, wired and bound to the actor system's life.</summary>
internal static class Node
{
    /// <summary>The name of the actor system.</summary>
    public const string SystemName = "hydravisor";

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    // How long a node may take to begin to send a disk, and to go on with it.
    private static readonly TimeSpan DiskWithin = TimeSpan.FromSeconds(30);

    /// <summary>Starts the actors and listens.</summary>
    /// <returns>Where the node listens.</returns>
    /// <exception cref="SettingException">It cannot listen there, or cannot read back what it has.</exception>
    /// <exception cref="OperationCanceledException">It was told to stop meanwhile.</exception>
    public static async Task<IPEndPoint> StartAsync(
        ActorSystem system, NodeSettings settings, string nodeName, AccessControl access, TlsWatch? tls, IHypervisor hypervisor, ITerminals terminals, IImages images, NodeHealth health, TimeProvider time)
    {
        var roster = new Roster();
        var log = Logging.GetLogger(system, typeof(Node));
        var ledger = OpenLedger(system, settings, nodeName, access, time);
        var ports = VmPorts.Open(
            settings.DataDirectory, settings.Logs, settings.Recordings, hypervisor, terminals, ledger, roster.MayHave, time, told => log.Warning("{Told}", told));
        var store = OpenStore(system);
        var members = settings.Cluster is null ? null : new Members(nodeName);
        ports = ports with { Links = members is null ? null : new ClusterLinks(members, system, DiskWithin) };
        var hostParts = new HostParts(nodeName, ports, images, roster, settings.Host, settings.Vm, access, time)
        {
            Labels = settings.NodeLabels,
            Reservations = store is null ? null : new PostgresReservations(store),
            Adoptions = store is null ? null : new PostgresAdoptions(store),
            RemoteDisks = members is null ? null : new ClusterDisks(members, system, DiskWithin, time),
        };
        var host = system.ActorOf(Props.Create(() => new HostActor(hostParts)), "host");
        health.Watch(ledger);
        health.Watch(system, host);
        // Nobody is served before the node knows what it has: it would deny VMs that it once promised.
        var ready = await UnlessEndedAsync(system, host.Ask<HostRecovery.Ready>(new HostRecovery.Await())).ConfigureAwait(false);
        if (ready.Trouble is { } trouble)
        {
            throw new SettingException($"the registry of VMs cannot be read back from the journal: {trouble}");
        }

        await UnlessEndedAsync(system, RecordStartAsync(ledger, settings)).ConfigureAwait(false);
        var checkpoints = OpenCheckpoints(system, settings, nodeName, time);
        var (directory, feeds) = OpenDirectory(system, settings, members, host, roster, ports, store, health, time);
        var sessionParts = new SessionParts(directory, feeds, ledger, access, settings.Session, time);
        var gateway = system.ActorOf(Props.Create(() => new GatewayActor(settings.Gateway, sessionParts, tls)), "gateway");
        BindToShutdown(system, gateway, ports, checkpoints, settings);
        if (settings.Cluster is { } cluster)
        {
            var standings = new PostgresStandings(store!, nodeName);
            system.ActorOf(Props.Create(() => new FencingActor(standings, LookEvery)), "fencing");
            system.ActorOf(Props.Create(() => new JoiningActor(JoiningPartsOf(cluster, standings))), "joining");
        }

        return await UnlessEndedAsync(system, gateway.Ask<object>(new GatewayActor.Bind())).ConfigureAwait(false) switch
        {
            GatewayActor.Listening listening => listening.Endpoint,
            GatewayActor.CannotListen cannot => throw new SettingException(
                $"cannot listen on {settings.Gateway.Listen}: {cannot.Reason}. Another program may have the port; set HYDRAVISOR_LISTEN to another one."),
            var other => throw new InvalidOperationException($"The gateway answered {other}."),
        };
    }

    private static (IVmDirectory Directory, IVmFeeds Feeds) OpenDirectory(
        ActorSystem system, NodeSettings settings, Members? members, IActorRef host, Roster roster, VmPorts ports, SharedStore? store, NodeHealth health, TimeProvider time)
    {
        var local = new LocalFeeds(ports);
        if (settings.Cluster is null || members is null)
        {
            return (new LocalDirectory(host, roster), local);
        }

        var places = new PostgresPlaces(store!);
        ICanTell HostOf(Member member) => member.Name == members.Self ? host : system.ActorSelection(member.HostPath);
        var parts = new DirectoryParts(host, roster, members, HostOf, places, settings.Session.RequestTimeout / 2, time);
        var directory = system.ActorOf(Props.Create(() => new DirectoryActor(parts)), "directory");
        system.ActorOf(Props.Create(() => new StraysActor(parts)), "strays");
        var placing = new PlacementParts(HostOf, members, places, directory, settings.Cluster.Placement, parts.AnswerWithin, time);
        var placement = system.ActorOf(Props.Create(() => new PlacementActor(placing)), "placement");
        health.Watch(members);
        var adoptions = new PostgresAdoptions(store!);
        var rescue = new RescueParts(members, adoptions, adoptions, placement, LookEvery, time);
        var rescuer = system.ActorOf(Props.Create(() => new RescueActor(rescue)), "rescue");
        var draining = new DrainParts(host, HostOf, members, adoptions, placement, LookEvery, time);
        var drain = system.ActorOf(Props.Create(() => new DrainActor(draining)), "drain");
        system.ActorOf(Props.Create(() => new MovesActor(places, directory, LookEvery)), "moves");
        system.ActorOf(Props.Create(() => new MembersActor(members, new[] { directory, placement, rescuer, drain }, time)), "members");
        system.ActorOf(Props.Create(() => new ReachActor(ports)), ReachActor.Name);
        return (new ClusterDirectory(roster, members, directory, placement), new ClusterFeeds(local, members, system, parts.AnswerWithin));
    }

    private static JoiningParts JoiningPartsOf(ClusterSettings cluster, PostgresStandings standings) => new(
        [.. cluster.Seeds.Select(AddressOf)], AddressOf, standings, LookEvery);

    private static Address AddressOf(IPEndPoint listens) => ClusterWiring.AddressOf(SystemName, listens);

    private static JournalAddress JournalOf(ActorSystem system) => JournalAddress.Of(system.Settings.Config.GetConfig("akka.persistence.journal.sql"));

    // Null: the journal is a file of the node's own.
    private static SharedStore? OpenStore(ActorSystem system)
    {
        if (JournalOf(system) is not JournalAddress.Database database)
        {
            return null;
        }

        var store = new SharedStore(database);
        system.RegisterOnTermination(() => _ = store.DisposeAsync().AsTask());
        return store;
    }

    private static NodeLedger OpenLedger(ActorSystem system, NodeSettings settings, string nodeName, AccessControl access, TimeProvider time)
    {
        var reserve = new DiskReserve(settings.DataDirectory, settings.Audit.ReserveBytes);
        var ledger = NodeLedger.Start(system, new LedgerParts(nodeName, reserve, LookEvery, settings.Host.RestartMin, settings.Host.RestartMax, time));
        ledger.Follow(access);
        return ledger;
    }

    // Who is told to stop while it starts would wait for ever for the answer of an actor that has ended.
    private static async Task<T> UnlessEndedAsync<T>(ActorSystem system, Task<T> waited) => await Task.WhenAny(waited, system.WhenTerminated).ConfigureAwait(false) == waited
        ? await waited.ConfigureAwait(false)
        : throw new OperationCanceledException("The node was told to stop while it started.");

    // Before anybody is served; a node whose ledger cannot be written serves too, and changes nothing.
    private static async Task<Done> RecordStartAsync(NodeLedger ledger, NodeSettings settings)
    {
        var (cause, started) = (Cause.Observed("node:started"), new LedgerEvents.NodeStarted(
            typeof(Node).Assembly.GetName().Version?.ToString() ?? "", Environment.ProcessId, settings.Gateway.Listen.ToString()));
        if (await ledger.RecordAsync(cause, started).ConfigureAwait(false) is not null)
        {
            ledger.Note(cause, started);
        }

        return Done.Instance;
    }

    private static NodeCheckpoints OpenCheckpoints(ActorSystem system, NodeSettings settings, string nodeName, TimeProvider time)
    {
        try
        {
            var key = NodeKey.Open(settings.DataDirectory);
            system.RegisterOnTermination(key.Dispose);
            Logging.GetLogger(system, typeof(Node)).Info("checkpoints are signed by the key {Key}", key.Fingerprint);
            return NodeCheckpoints.Start(system, new CheckpointParts(
                nodeName, JournalOf(system), key, settings.Audit.Checkpoints, LookEvery, settings.Host.RestartMin, settings.Host.RestartMax, time));
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new SettingException($"the node's key cannot be used: {e.Message}");
        }
    }

    private static void BindToShutdown(ActorSystem system, IActorRef gateway, VmPorts ports, NodeCheckpoints checkpoints, NodeSettings settings)
    {
        var shutdown = CoordinatedShutdown.Get(system);
        var log = Logging.GetLogger(system, typeof(Node));
        shutdown.AddTask(CoordinatedShutdown.PhaseBeforeServiceUnbind, "say-why", () =>
        {
            log.Info("the node is stopping: {Reason}", WhyOf(shutdown.ShutdownReason));
            return Task.FromResult(Akka.Done.Instance);
        });
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

    private static string WhyOf(CoordinatedShutdown.Reason? reason) => reason switch
    {
        CoordinatedShutdown.ClusterDowningReason => "the others of its cluster gave it up",
        CoordinatedShutdown.ClusterLeavingReason => "it leaves its cluster",
        null => "for a reason that is not known",
        _ => $"its process ends ({reason.GetType().Name})",
    };
}
