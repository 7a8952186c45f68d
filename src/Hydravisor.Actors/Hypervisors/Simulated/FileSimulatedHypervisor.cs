using System.Collections.Concurrent;
using Hydravisor.Actors.Hypervisors.Disks;
using Hydravisor.Actors.Hypervisors.Live;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hypervisors.Simulated;

/// <summary>A hypervisor without machines: its guests are files in a directory, and outlive this process.</summary>
/// <remarks>
/// What guests do by themselves happens when it is due, by whichever process looks first. Changes by others are seen by
/// watching the directory. For tests, and for trying the product where there is no libvirt.
/// </remarks>
internal sealed class FileSimulatedHypervisor : IHypervisor
{
    private static readonly TimeSpan LifePoll = TimeSpan.FromMilliseconds(5);

    private readonly SimulatedSettings _settings;
    private readonly TimeProvider _time;
    private readonly SimulatedDirectory _directory;
    private readonly SimulatedWatch _watch;
    private readonly NodeDisks _disks;
    private readonly SimulatedLive _live;
    private readonly Random _random;
    private readonly FileWork _files = new();
    private readonly ConsoleQueue _typed = new(ConsoleQueue.BytesMax);
    private readonly ConcurrentDictionary<InstanceId, Lane> _lanes = new();
    private readonly ConcurrentDictionary<InstanceId, long> _overtakenUpTo = new();
    private long _tickets;

    /// <summary>Makes the hypervisor; <see cref="Begin"/> connects it.</summary>
    public FileSimulatedHypervisor(SimulatedSettings settings, TimeProvider time)
    {
        _settings = settings;
        _time = time;
        _directory = new SimulatedDirectory(settings, time);
        _watch = new SimulatedWatch(_directory, time);
        _disks = new NodeDisks(_directory.Vms, _directory.Disk, InspectAsync);
        _live = new SimulatedLive(ChangeAsync, _directory.Disk);
        _random = settings.Seed is { } seed ? new Random(seed) : new Random();
    }

    /// <inheritdoc/>
    public string? Trouble => _watch.Trouble;

    /// <inheritdoc/>
    public void Begin(Action<HypervisorNews> sink) => _watch.Begin(sink);

    /// <summary>Loses the connection: calls are answered unavailable, those under way too.</summary>
    public void GoDown() => _watch.GoDown();

    /// <summary>Finds the connection again.</summary>
    public void ComeBack() => _watch.ComeBack();

    /// <inheritdoc/>
    public async Task<Outcome<Capacity>> CapacityAsync()
    {
        var outcome = await CallAsync("Capacity", null, () => Task.FromResult(Outcome.Done)).ConfigureAwait(false);
        return new Outcome<Capacity>(outcome, outcome.IsDone ? _settings.Capacity : null);
    }

    /// <inheritdoc/>
    public async Task<Outcome<IReadOnlyList<Sighting>>> ListAsync()
    {
        IReadOnlyList<Sighting>? list = null;
        var outcome = await CallAsync("List", null, async () =>
        {
            await _watch.SettleAsync().ConfigureAwait(false);
            list = [.. _directory.ReadAll().Select(domain => domain.Sight())];
            return Outcome.Done;
        }).ConfigureAwait(false);
        return new Outcome<IReadOnlyList<Sighting>>(outcome, list);
    }

    /// <inheritdoc/>
    public async Task<Outcome<Sighting>> InspectAsync(InstanceId id)
    {
        Sighting? seen = null;
        var outcome = await CallAsync("Inspect", id, () => ChangeAsync(id, (domains, now) =>
        {
            seen = domains.Inspect(id, now);
            return Outcome.Done;
        })).ConfigureAwait(false);
        return new Outcome<Sighting>(outcome, seen);
    }

    /// <inheritdoc/>
    public Task<Outcome> ProvisionAsync(DomainPlan plan) => InLaneAsync("Provision", plan.Id, (domains, now) =>
    {
        var outcome = plan.IsImported ? _directory.PutDisk(plan.Id) : Outcome.Done;
        outcome = outcome.IsDone ? domains.Provision(plan, now) : outcome;
        if (outcome.IsDone)
        {
            _live.Forget(plan.Id);
            _directory.MakeVm(plan.Id);
        }

        return outcome;
    });

    /// <inheritdoc/>
    public async Task<Outcome<long>> StartAsync(DomainPlan plan, long incarnation)
    {
        long run = 0;
        var outcome = await InLaneAsync("Start", plan.Id, (domains, now) =>
        {
            var started = domains.Start(plan.Id, incarnation, now);
            run = started.Value;
            return started.Result;
        }).ConfigureAwait(false);
        return new Outcome<long>(outcome, outcome.IsDone ? run : 0);
    }

    /// <inheritdoc/>
    public async Task<Outcome<string>> WaitReadyAsync(DomainPlan plan, long incarnation, CancellationToken cancellation)
    {
        var (fault, released) = _settings.Faults.Next("WaitReady", plan.Id);
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        if (fault is SimulatedFault.Hang or SimulatedFault.HangAfterwards)
        {
            await released.ConfigureAwait(false);
        }
        else if (fault != SimulatedFault.None)
        {
            return Outcome<string>.Unavailable("the simulated guest could not be watched");
        }

        while (!cancellation.IsCancellationRequested)
        {
            if (Trouble is { } trouble)
            {
                return Outcome<string>.Unavailable(trouble);
            }

            if (_watch.Known(plan.Id) is { IsActive: true, Ready: true } domain && domain.Boot == incarnation)
            {
                return Outcome<string>.Done("console");
            }

            await Task.Delay(LifePoll, _time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return Outcome<string>.Unavailable("nobody waits for it any more");
    }

    /// <inheritdoc/>
    public Task<Outcome> MarkBootAsync(InstanceId id, long incarnation) =>
        InLaneAsync("MarkBoot", id, (domains, now) => domains.MarkBoot(id, incarnation, now));

    /// <inheritdoc/>
    public Task<Outcome> SuspendAsync(InstanceId id) => InLaneAsync("Suspend", id, (domains, now) => domains.Suspend(id, now));

    /// <inheritdoc/>
    public Task<Outcome> ResumeAsync(InstanceId id) => InLaneAsync("Resume", id, (domains, now) => domains.Resume(id, now));

    /// <inheritdoc/>
    public Task<Outcome> ShutdownAsync(InstanceId id) => InLaneAsync("Shutdown", id, (domains, now) => domains.Shutdown(id, now));

    /// <inheritdoc/>
    public Task<Outcome> RebootAsync(InstanceId id) => InLaneAsync("Reboot", id, (domains, now) => domains.Reboot(id, now));

    /// <inheritdoc/>
    public Task<Outcome> ResetAsync(InstanceId id) => InLaneAsync("Reset", id, (domains, now) => domains.Reset(id, now));

    /// <inheritdoc/>
    public Task<Outcome> DestroyAsync(InstanceId id) => OvertakeAsync("Destroy", id, (domains, now) => domains.Destroy(id, now));

    /// <inheritdoc/>
    public Task<Outcome> RemoveAsync(InstanceId id) => OvertakeAsync("Remove", id, (domains, now) =>
    {
        var removed = domains.Remove(id, now);
        _live.Forget(id);
        _directory.RemoveVm(id);
        return removed;
    });

    /// <inheritdoc/>
    public Task<Outcome<DiskReading>> ExportAsync(InstanceId id) => FaultyAsync("Export", id, () => _disks.ExportAsync(id));

    /// <inheritdoc/>
    public Task<Outcome<DiskWriting>> ImportAsync(DomainPlan plan) => FaultyAsync("Import", plan.Id, () => _disks.ImportAsync(plan.Id, _ => Outcome.Done));

    /// <inheritdoc/>
    public Task<Outcome<IReadOnlyDictionary<InstanceId, bool>>> ImportsAsync() => _disks.ImportsAsync();

    /// <inheritdoc/>
    public Task<Outcome> DropImportAsync(InstanceId id) => _disks.IsLanding(id) ? RemoveAsync(id) : _disks.DropAsync(id);

    /// <inheritdoc/>
    public async Task<Outcome<Landing>> LandAsync(DomainPlan plan)
    {
        Landing? landing = null;
        var made = await InLaneAsync("Land", plan.Id, (domains, now) =>
        {
            domains.Remove(plan.Id, now);
            _directory.RemoveVm(plan.Id);
            _disks.Expect(plan.Id);
            var defined = domains.Provision(plan, now);
            _directory.MakeVm(plan.Id);
            landing = _live.Expect(plan);
            return defined;
        }).ConfigureAwait(false);
        return new Outcome<Landing>(made, made.IsDone ? landing : null);
    }

    /// <inheritdoc/>
    public Task<Outcome<LiveLink>> ReceiveAsync(InstanceId id, LiveChannel channel) => FaultyAsync("Receive", id, () => Task.FromResult(_live.Receive(id, channel)));

    /// <inheritdoc/>
    public async Task<Outcome> SendAsync(InstanceId id, Landing landing, Func<LiveChannel, Task<Outcome<LiveLink>>> connect) =>
        (await FaultyAsync("Send", id, async () => new Outcome<bool>(await _live.SendAsync(id, landing, _directory.Read(id), connect).ConfigureAwait(false), true)).ConfigureAwait(false)).Result;

    /// <inheritdoc/>
    public async Task<Outcome<GuestExit>> ExecuteAsync(InstanceId id, GuestCommand command)
    {
        GuestExit? exit = null;
        var program = SimulatedProgram.Of(command.Argv, command.Stdin ?? []);
        var outcome = await CallAsync("Execute", id, () =>
        {
            var domain = _directory.Read(id);
            exit = domain is not { IsActive: true } ? new GuestExit.NotStarted("its domain does not run")
                : !domain.Agent ? new GuestExit.NoAgent()
                : program is null ? new GuestExit.NotStarted($"{command.Argv[0]}: no such program")
                : null;
            return Task.FromResult(domain is { IsActive: true, Agent: true, Power: not Power.Running } ? Outcome.Unavailable("its guest agent does not answer") : Outcome.Done);
        }).ConfigureAwait(false);
        if (outcome.IsDone && exit is null)
        {
            var inTime = program!.Takes <= command.Limit;
            await Task.Delay(inTime ? program.Takes : command.Limit, _time).ConfigureAwait(false);
            exit = inTime ? program.Exit(command.OutputBytesMax) : new GuestExit.TimedOut();
        }

        return new Outcome<GuestExit>(outcome, exit);
    }

    /// <inheritdoc/>
    /// <remarks>The guest has a shell's terminal and no shell: it echoes.</remarks>
    public Task<Outcome> TypeAsync(InstanceId id, ReadOnlyMemory<byte> bytes) => _typed.InTurnAsync(id, bytes.Length, () => CallAsync("Type", id, () =>
    {
        var power = _directory.Read(id)?.Power;
        if (power == Power.Running)
        {
            _directory.Echo(id, bytes.Span);
        }

        return Task.FromResult(power switch
        {
            Power.Running => Outcome.Done,
            Power.Paused => Outcome.Unavailable("the guest does not read its console"),
            _ => Outcome.Failed($"the domain {DomainPlan.DomainName(id)} does not run"),
        });
    }));

    /// <inheritdoc/>
    public GuestLogs LogsOf(InstanceId id) => new(_directory.ConsoleLog(id), _directory.GuestLog(id), PortPipe: null);

    /// <inheritdoc/>
    public IReadOnlyList<string> ConsoleCommand(InstanceId id) => ["tail", "-n", "+1", "-F", _directory.ConsoleLog(id)];

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _watch.DisposeAsync().ConfigureAwait(false);
        await _files.EndAsync().ConfigureAwait(false);
    }

    private async Task<Outcome<T>> FaultyAsync<T>(string name, InstanceId id, Func<Task<Outcome<T>>> work)
    {
        var made = new Outcome<T>(Outcome.Unavailable("it was not begun"), default);
        var outcome = await CallAsync(name, id, async () =>
        {
            made = await work().ConfigureAwait(false);
            return made.Result;
        }).ConfigureAwait(false);
        return outcome.IsDone ? made : new Outcome<T>(outcome, default);
    }

    private async Task<Outcome> InLaneAsync(string name, InstanceId id, Func<SimulatedDomains, DateTimeOffset, Outcome> operation)
    {
        var ticket = Interlocked.Increment(ref _tickets);
        var lane = _lanes.GetOrAdd(id, _ => new Lane());
        var before = lane.Overtaking;
        await lane.Turn.WaitAsync().ConfigureAwait(false);
        try
        {
            await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return await CallAsync(name, id, () => ChangeAsync(id, (domains, now) => ticket < _overtakenUpTo.GetValueOrDefault(id)
                ? Outcome.Failed($"{name} was overtaken: {id} was destroyed or removed meanwhile")
                : operation(domains, now))).ConfigureAwait(false);
        }
        finally
        {
            lane.Turn.Release();
        }
    }

    // What was called before it has no effect after it: else a start that was overtaken would run on behind a stop.
    private Task<Outcome> OvertakeAsync(string name, InstanceId id, Func<SimulatedDomains, DateTimeOffset, Outcome> operation)
    {
        var ticket = Interlocked.Increment(ref _tickets);
        var call = CallAsync(name, id, () => ChangeAsync(id, (domains, now) =>
        {
            _overtakenUpTo.AddOrUpdate(id, ticket, (_, before) => Math.Max(before, ticket));
            return operation(domains, now);
        }));
        _lanes.GetOrAdd(id, _ => new Lane()).Overtake(call);
        return call;
    }

    private async Task<Outcome> ChangeAsync(InstanceId id, Func<SimulatedDomains, DateTimeOffset, Outcome> operation)
    {
        var outcome = await _directory.ChangeAsync(id, operation).ConfigureAwait(false);
        _watch.Notice(id);
        return outcome;
    }

    private async Task<Outcome> CallAsync(string name, InstanceId? id, Func<Task<Outcome>> effect)
    {
        var (fault, released) = _settings.Faults.Next(name, id);
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        await DelayAsync().ConfigureAwait(false);
        if (fault == SimulatedFault.Hang)
        {
            await released.ConfigureAwait(false);
        }

        if (Trouble is { } trouble)
        {
            return Outcome.Unavailable(trouble);
        }

        switch (fault)
        {
            case SimulatedFault.Unavailable:
                return Outcome.Unavailable("the simulated connection broke");
            case SimulatedFault.Fail:
                return Outcome.Failed($"{name} was made to fail");
        }

        Outcome outcome;
        try
        {
            outcome = await _files.RunAsync(effect).ConfigureAwait(false);
        }
        catch (ObjectDisposedException)
        {
            return Outcome.Unavailable("the simulated hypervisor was closed");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Outcome.Failed(e.Message);
        }

        await DelayAsync().ConfigureAwait(false);
        if (fault == SimulatedFault.HangAfterwards)
        {
            await released.ConfigureAwait(false);
        }

        return Trouble is { } lost ? Outcome.Unavailable(lost)
            : fault == SimulatedFault.LoseOutcome ? Outcome.Unavailable("the simulated connection broke before the outcome came")
            : outcome;
    }

    private Task DelayAsync()
    {
        double share;
        lock (_random)
        {
            share = _random.NextDouble();
        }

        var delay = _settings.CallDelay + (_settings.CallDelayRandom * share);
        return delay > TimeSpan.Zero ? Task.Delay(delay, _time) : Task.CompletedTask;
    }

    /// <summary>The calls of one domain.</summary>
    private sealed class Lane
    {
        private readonly Lock _gate = new();

        /// <summary>Held by the call whose turn it is.</summary>
        public SemaphoreSlim Turn { get; } = new(1, 1);

        /// <summary>The destroys and removals so far, which later calls wait for.</summary>
        public Task Overtaking { get; private set; } = Task.CompletedTask;

        public void Overtake(Task call)
        {
            lock (_gate)
            {
                Overtaking = Task.WhenAll(Overtaking, call);
            }
        }
    }
}
