using Hydravisor.Actors.Hypervisors.Disks;
using Hydravisor.Actors.Hypervisors.Images;
using Hydravisor.Actors.Hypervisors.Libvirt.Calls;
using Hydravisor.Actors.Hypervisors.Libvirt.Connection;
using Hydravisor.Actors.Hypervisors.Libvirt.Domains;
using Hydravisor.Actors.Hypervisors.Libvirt.Files;
using Hydravisor.Actors.Hypervisors.Libvirt.Guests;
using Hydravisor.Actors.Hypervisors.Libvirt.Life;
using Hydravisor.Actors.Hypervisors.Libvirt.Live;
using Hydravisor.Actors.Hypervisors.Live;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hypervisors.Libvirt;

/// <summary>QEMU behind libvirt.</summary>
/// <remarks>
/// <see cref="Connection.LibvirtLink"/> keeps the connections, <see cref="LibvirtCalls"/> makes the calls on threads of their own and in
/// each domain's turn, <c>Domains/</c> knows what to call, <c>Files/</c> makes a VM's files, <c>Life/</c> waits for guests to show life.
/// </remarks>
internal sealed class LibvirtHypervisor : IHypervisor
{
    private const int AgentSeconds = 2;

    private readonly LibvirtSettings _settings;
    private readonly LibvirtLink _link;
    private readonly LibvirtNews _news;
    private readonly LibvirtCalls _calls;
    private readonly VmFiles _files;
    private readonly NodeDisks _disks;
    private readonly DomainSight _sight;
    private readonly DomainOperations _operations;
    private readonly DomainMaking _making;
    private readonly LiveMoves _live;
    private readonly BootPlaces _boots;
    private readonly GuestLife _life;
    private readonly GuestExecution _execution;
    private readonly GuestConsoles _consoles;

    /// <summary>Makes the hypervisor; <see cref="Begin"/> connects it.</summary>
    /// <param name="settings">Its settings.</param>
    /// <param name="image">Finds an image as it was when a VM was made of it; null where there is none.</param>
    /// <param name="time">The clock.</param>
    public LibvirtHypervisor(LibvirtSettings settings, Func<ImageRef, ImageEntry?> image, TimeProvider time)
    {
        _settings = settings;
        _boots = new BootPlaces(settings.VmsDirectory);
        _news = new LibvirtNews(_boots.Note, time);
        var agents = new AgentPresence();
        _link = new LibvirtLink(() => LibvirtSession.Open(settings.Uri, _news.Tell, _news.Tell, agents.Note), settings, _news, time);
        _calls = new LibvirtCalls(_link, settings, time);
        _files = new VmFiles(settings.VmsDirectory, image);
        _disks = new NodeDisks(settings.VmsDirectory, id => _files.Of(id).Disk, InspectAsync);
        _sight = new DomainSight(RunNumbers.For(settings.Uri, Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR")));
        _operations = new DomainOperations(settings.NodeName);
        var users = new QemuUsers(settings.VirtType);
        _making = new DomainMaking(settings, _files, _operations, _sight, users);
        _live = new LiveMoves(settings, _calls, _making, _operations, users, time);
        _life = new GuestLife(settings, time, agents, () => _link.Trouble, PingAsync);
        _execution = new GuestExecution(_calls, time);
        _consoles = new GuestConsoles(_calls, _operations, time);
    }

    /// <inheritdoc/>
    public string? Trouble => _link.Trouble;

    /// <summary>Calls that hang beyond their limit now; each holds a thread.</summary>
    public int StuckCalls => _calls.Stuck;

    /// <inheritdoc/>
    public void Begin(Action<HypervisorNews> sink)
    {
        _news.Begin(sink);
        _link.Begin();
    }

    /// <inheritdoc/>
    public Task<Outcome<Capacity>> CapacityAsync() => _calls.ReadAsync(connection =>
    {
        var node = connection.GetNodeInfo();
        var disk = new DriveInfo(_settings.VmsDirectory);
        return Outcome<Capacity>.Done(new Capacity(node.Cpus, node.MemoryKiB * 1024, disk.TotalSize, disk.AvailableFreeSpace));
    });

    /// <inheritdoc/>
    public Task<Outcome<IReadOnlyList<Sighting>>> ListAsync() =>
        _calls.ReadAsync(connection => Outcome<IReadOnlyList<Sighting>>.Done(_sight.List(connection)));

    /// <inheritdoc/>
    public Task<Outcome<Sighting>> InspectAsync(InstanceId id) => _calls.ReadAsync(connection => _sight.Look(connection, id));

    /// <inheritdoc/>
    public Task<Outcome> ProvisionAsync(DomainPlan plan)
    {
        _live.Forget(plan.Id);
        return ChangeAsync(plan.Id, (connection, turn) => _making.Provision(connection, plan, turn), brings: true);
    }

    /// <inheritdoc/>
    public Task<Outcome<long>> StartAsync(DomainPlan plan, long incarnation) =>
        _calls.ChangeAsync(plan.Id, brings: true, (connection, turn) => _making.Start(connection, plan, incarnation, turn));

    /// <inheritdoc/>
    public Task<Outcome<string>> WaitReadyAsync(DomainPlan plan, long incarnation, CancellationToken cancellation) =>
        Task.Run(() => _life.WaitAsync(plan, _files.Of(plan.Id), incarnation, cancellation), CancellationToken.None);

    /// <inheritdoc/>
    public Task<Outcome> MarkBootAsync(InstanceId id, long incarnation) =>
        ChangeAsync(id, (connection, _) => _making.MarkBoot(connection, id, incarnation, _boots));

    /// <inheritdoc/>
    public Task<Outcome> SuspendAsync(InstanceId id) => ChangeAsync(id, (connection, _) => _operations.Suspend(connection, id));

    /// <inheritdoc/>
    public Task<Outcome> ResumeAsync(InstanceId id) => ChangeAsync(id, (connection, _) => _operations.Resume(connection, id));

    /// <inheritdoc/>
    public Task<Outcome> ShutdownAsync(InstanceId id) => ChangeAsync(id, (connection, _) => _operations.Shutdown(connection, id));

    /// <inheritdoc/>
    public Task<Outcome> RebootAsync(InstanceId id) => ChangeAsync(id, (connection, _) => _operations.Reboot(connection, id));

    /// <inheritdoc/>
    public Task<Outcome> ResetAsync(InstanceId id) => ChangeAsync(id, (connection, _) => _operations.Reset(connection, id));

    /// <inheritdoc/>
    public Task<Outcome> DestroyAsync(InstanceId id) => OvertakeAsync(id, connection => _operations.Destroy(connection, id));

    /// <inheritdoc/>
    public Task<Outcome> RemoveAsync(InstanceId id) => OvertakeAsync(id, connection =>
    {
        _boots.Forget(id);
        _live.Forget(id);
        var undefined = _operations.Undefine(connection, id);
        return undefined.IsDone ? _files.Remove(id) : undefined;
    });

    /// <inheritdoc/>
    public Task<Outcome<DiskReading>> ExportAsync(InstanceId id) => _disks.ExportAsync(id);

    /// <inheritdoc/>
    public Task<Outcome<DiskWriting>> ImportAsync(DomainPlan plan) => _disks.ImportAsync(plan.Id, disk => _files.Fit(plan, disk));

    /// <inheritdoc/>
    public Task<Outcome<IReadOnlyDictionary<InstanceId, bool>>> ImportsAsync() => _disks.ImportsAsync();

    /// <inheritdoc/>
    public Task<Outcome> DropImportAsync(InstanceId id) => _disks.IsLanding(id) ? RemoveAsync(id) : _disks.DropAsync(id);

    /// <inheritdoc/>
    public Task<Outcome<Landing>> LandAsync(DomainPlan plan)
    {
        _boots.Forget(plan.Id);
        return _live.LandAsync(plan);
    }

    /// <inheritdoc/>
    public Task<Outcome<LiveLink>> ReceiveAsync(InstanceId id, LiveChannel channel) => _live.ReceiveAsync(id, channel);

    /// <inheritdoc/>
    public Task<Outcome> SendAsync(InstanceId id, Landing landing, Func<LiveChannel, Task<Outcome<LiveLink>>> connect) => _live.SendAsync(id, landing, connect);

    /// <inheritdoc/>
    public Task<Outcome<GuestExit>> ExecuteAsync(InstanceId id, GuestCommand command) => _execution.RunAsync(id, command);

    /// <inheritdoc/>
    public Task<Outcome> TypeAsync(InstanceId id, ReadOnlyMemory<byte> bytes) => _consoles.TypeAsync(id, bytes);

    /// <inheritdoc/>
    public GuestLogs LogsOf(InstanceId id)
    {
        var paths = _files.Of(id);
        return new GuestLogs(paths.ConsoleLog, paths.GuestLog, paths.GuestLogPipeOut);
    }

    /// <inheritdoc/>
    /// <remarks>The escape character, at which virsh would leave the console, is ctrl-^ in place of ctrl-], which people type in guests.</remarks>
    public IReadOnlyList<string> ConsoleCommand(InstanceId id) =>
        [ChildProcess.Find("virsh") ?? "/usr/bin/virsh", "-c", _settings.Uri, "-e", "^^", "console", "--safe", DomainPlan.DomainName(id)];

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _link.DisposeAsync().ConfigureAwait(false);
        _calls.Dispose();
        _consoles.Dispose();
        await _news.DisposeAsync().ConfigureAwait(false);
    }

    private async Task<Outcome> ChangeAsync(
        InstanceId id, Func<Hydravisor.Libvirt.LibvirtConnection, Turn, Outcome> work, bool brings = false) =>
        (await _calls.ChangeAsync(id, brings, (connection, turn) => new Outcome<bool>(work(connection, turn), true)).ConfigureAwait(false)).Result;

    private async Task<Outcome> OvertakeAsync(InstanceId id, Func<Hydravisor.Libvirt.LibvirtConnection, Outcome> work) =>
        (await _calls.OvertakeAsync(id, connection => new Outcome<bool>(work(connection), true)).ConfigureAwait(false)).Result;

    private async Task<bool> PingAsync(InstanceId id)
    {
        var answer = await _calls.AskAgentAsync(id, connection =>
        {
            using var domain = connection.FindByUuid(DomainPlan.DomainUuid(id));
            return Outcome<string>.Done(domain?.AgentCommand("""{"execute":"guest-ping"}""", AgentSeconds) ?? "");
        }).ConfigureAwait(false);
        return answer is { IsDone: true, Value.Length: > 0 };
    }
}
