using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Disks;
using Hydravisor.Actors.Hypervisors.Live;
using Hydravisor.Actors.Terminals;
using Hydravisor.Protocol;

namespace Hydravisor.Bench.Replay;

/// <summary>A hypervisor on which every domain runs since its first start, and that remembers none of them.</summary>
/// <param name="node">Whose the domains are.</param>
/// <param name="looks">After how many looks <see cref="AllLookedAtAsync"/> completes.</param>
internal sealed class StandingHypervisor(string node, int looks) : IHypervisor
{
    private readonly TaskCompletionSource _looked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _left = looks;

    public Task AllLookedAtAsync => Volatile.Read(ref _left) <= 0 ? Task.CompletedTask : _looked.Task;

    public string? Trouble => null;

    public void Begin(Action<HypervisorNews> sink) => sink(new HypervisorNews.Connected());

    public Task<Outcome<Capacity>> CapacityAsync() =>
        Task.FromResult(Outcome<Capacity>.Done(new Capacity(Cpus: 64, RamBytes: 256L << 30, DiskBytes: 4L << 40, DiskFreeBytes: 4L << 40)));

    public Task<Outcome<IReadOnlyList<Sighting>>> ListAsync() => Task.FromResult(Outcome<IReadOnlyList<Sighting>>.Done([]));

    public Task<Outcome<Sighting>> InspectAsync(InstanceId id)
    {
        if (Interlocked.Decrement(ref _left) == 0)
        {
            _looked.SetResult();
        }

        return Task.FromResult(Outcome<Sighting>.Done(new Sighting(id, Power.Running, OffReason.Unknown, 1, node)));
    }

    public Task<Outcome> ProvisionAsync(DomainPlan plan) => Refused;

    public Task<Outcome<long>> StartAsync(DomainPlan plan, long incarnation) => Task.FromResult(Outcome<long>.Failed(Why));

    public Task<Outcome<string>> WaitReadyAsync(DomainPlan plan, long incarnation, CancellationToken cancellation) =>
        Task.FromResult(Outcome<string>.Failed(Why));

    public Task<Outcome> MarkBootAsync(InstanceId id, long incarnation) => Refused;

    public Task<Outcome> SuspendAsync(InstanceId id) => Refused;

    public Task<Outcome> ResumeAsync(InstanceId id) => Refused;

    public Task<Outcome> ShutdownAsync(InstanceId id) => Refused;

    public Task<Outcome> RebootAsync(InstanceId id) => Refused;

    public Task<Outcome> ResetAsync(InstanceId id) => Refused;

    public Task<Outcome> DestroyAsync(InstanceId id) => Refused;

    public Task<Outcome> RemoveAsync(InstanceId id) => Refused;

    public Task<Outcome<Landing>> LandAsync(DomainPlan plan) => Task.FromResult(Outcome<Landing>.Failed(Why));

    /// <inheritdoc/>
    public Task<Outcome<LiveLink>> ReceiveAsync(InstanceId id, LiveChannel channel) => Task.FromResult(Outcome<LiveLink>.Failed(Why));

    /// <inheritdoc/>
    public Task<Outcome> SendAsync(InstanceId id, Landing landing, Func<LiveChannel, Task<Outcome<LiveLink>>> connect) => Task.FromResult(Outcome.Failed(Why));

    /// <inheritdoc/>
    public Task<Outcome<DiskReading>> ExportAsync(InstanceId id) => Task.FromResult(Outcome<DiskReading>.Failed(Why));

    public Task<Outcome<DiskWriting>> ImportAsync(DomainPlan plan) => Task.FromResult(Outcome<DiskWriting>.Failed(Why));

    public Task<Outcome<IReadOnlyDictionary<InstanceId, bool>>> ImportsAsync() => Task.FromResult(Outcome<IReadOnlyDictionary<InstanceId, bool>>.Done(new Dictionary<InstanceId, bool>()));

    public Task<Outcome> DropImportAsync(InstanceId id) => Task.FromResult(Outcome.Done);

    public Task<Outcome<GuestExit>> ExecuteAsync(InstanceId id, GuestCommand command) => Task.FromResult(Outcome<GuestExit>.Failed(Why));

    public Task<Outcome> TypeAsync(InstanceId id, ReadOnlyMemory<byte> bytes) => Refused;

    public GuestLogs LogsOf(InstanceId id) => new("/nowhere/console.log", "/nowhere/log", PortPipe: null);

    public IReadOnlyList<string> ConsoleCommand(InstanceId id) => [];

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private const string Why = "nothing changes here";

    private static Task<Outcome> Refused { get; } = Task.FromResult(Outcome.Failed(Why));
}

/// <summary>Terminals that are always there, and are remembered by nobody.</summary>
internal sealed class StandingTerminals : ITerminals
{
    private static readonly Task<Outcome<TerminalSession>> Session =
        Task.FromResult(Outcome<TerminalSession>.Done(new TerminalSession("session", "true", "true")));

    public event Action<InstanceId>? Lost
    {
        add { }
        remove { }
    }

    public Task<Outcome<TerminalSession>> EnsureAsync(InstanceId id, IReadOnlyList<string> console, string? typedLog = null) => Session;

    public Task<Outcome<ITerminalTap>> TapAsync(InstanceId id, ITerminalSink sink) =>
        Task.FromResult(Outcome<ITerminalTap>.Failed("nothing is shown here"));

    public Task<Outcome> CloseAsync(InstanceId id) => Task.FromResult(Outcome.Done);

    public Task<Outcome<IReadOnlyList<InstanceId>>> ListAsync() => Task.FromResult(Outcome<IReadOnlyList<InstanceId>>.Done([]));
}
