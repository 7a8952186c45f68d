using Hydravisor.Actors.Hypervisors.Disks;
using Hydravisor.Actors.Hypervisors.Live;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hypervisors;

/// <summary>A hypervisor as a VM's actor sees it. All forms pass one contract suite.</summary>
/// <remarks>
/// Every call may be made from any thread, never throws for what can happen outside, and never blocks the caller. Every call
/// is repeatable: it brings a state about ("ensure"), so that it may be issued again when its outcome was lost. Calls for one
/// domain are carried out one after another, except <see cref="DestroyAsync"/> and <see cref="RemoveAsync"/>, which overtake:
/// what was called before them has no effect once they are done, not even where this process dies then, and what is called after
/// them waits for them. Else a start that was overtaken would run on behind a stop, and a destroy that came late would end the
/// next run. A call cannot be cancelled once it runs; one that is answered unavailable because it took too long keeps its place
/// until it is over.
/// </remarks>
internal interface IHypervisor : IAsyncDisposable
{
    /// <summary>Why the hypervisor cannot be reached now, or null when it can.</summary>
    string? Trouble { get; }

    /// <summary>Begins to connect, and from now on to reconnect; news come to the sink on any thread, one at a time.</summary>
    void Begin(Action<HypervisorNews> sink);

    /// <summary>What the node has to give.</summary>
    Task<Outcome<Capacity>> CapacityAsync();

    /// <summary>All domains that bear Hydravisor's mark, whichever node's.</summary>
    Task<Outcome<IReadOnlyList<Sighting>>> ListAsync();

    /// <summary>Looks at one domain.</summary>
    Task<Outcome<Sighting>> InspectAsync(InstanceId id);

    /// <summary>Makes the domain's directory, disk, seed and definition, where they are missing. A disk that came from another node is put in its place and never made (<see cref="DomainPlan.IsImported"/>).</summary>
    Task<Outcome> ProvisionAsync(DomainPlan plan);

    /// <summary>Starts the domain for its n-th boot; one that runs since an earlier boot is ended first.</summary>
    /// <returns>The run number of the domain.</returns>
    Task<Outcome<long>> StartAsync(DomainPlan plan, long incarnation);

    /// <summary>Waits until the guest shows life after its n-th boot.</summary>
    /// <returns>The sign: <c>console</c>, <c>agent</c> or <c>log</c>; unavailable when the hypervisor was lost meanwhile.</returns>
    Task<Outcome<string>> WaitReadyAsync(DomainPlan plan, long incarnation, CancellationToken cancellation);

    /// <summary>Notes that the guest's n-th boot began without a start of the domain (it was reset).</summary>
    /// <remarks>Changes nothing where that boot, or a later one, was begun already: by a start, or by an earlier mark.</remarks>
    Task<Outcome> MarkBootAsync(InstanceId id, long incarnation);

    /// <summary>Stops the processors.</summary>
    Task<Outcome> SuspendAsync(InstanceId id);

    /// <summary>Lets the processors run on.</summary>
    Task<Outcome> ResumeAsync(InstanceId id);

    /// <summary>Asks the guest to power itself off; done when it was asked.</summary>
    Task<Outcome> ShutdownAsync(InstanceId id);

    /// <summary>Asks the guest to reboot; done when it was asked.</summary>
    Task<Outcome> RebootAsync(InstanceId id);

    /// <summary>Resets the machine, as its button would.</summary>
    Task<Outcome> ResetAsync(InstanceId id);

    /// <summary>Ends the domain's run at once; done when it is off.</summary>
    Task<Outcome> DestroyAsync(InstanceId id);

    /// <summary>Destroys and undefines the domain and removes all its files.</summary>
    Task<Outcome> RemoveAsync(InstanceId id);

    /// <summary>Opens the disk of a domain that is off, for another node to take.</summary>
    /// <returns>The disk, which its reader disposes of; one without bytes where the domain has none. Failed where the domain runs or is not there.</returns>
    Task<Outcome<DiskReading>> ExportAsync(InstanceId id);

    /// <summary>Begins to take the disk of a domain that comes from another node: it lies aside until the domain is provisioned. What was begun before is dropped.</summary>
    Task<Outcome<DiskWriting>> ImportAsync(DomainPlan plan);

    /// <summary>The instances of which a disk lies aside, and whether it is whole; also those for which a place was made (<see cref="LandAsync"/>) and that were not provisioned since.</summary>
    Task<Outcome<IReadOnlyDictionary<InstanceId, bool>>> ImportsAsync();

    /// <summary>Removes a disk that lies aside, or the place of a domain that does not come.</summary>
    Task<Outcome> DropImportAsync(InstanceId id);

    /// <summary>Makes a place for a domain that is to come from another node as it runs: its files, its disk as its image has it, its definition. What was there of it before is gone.</summary>
    /// <returns>What the other node's hypervisor has to know; failed where it cannot be taken so.</returns>
    Task<Outcome<Landing>> LandAsync(DomainPlan plan);

    /// <summary>Connects to where the hypervisor listens for a domain that it made a place for.</summary>
    /// <returns>The connection, which its owner disposes of; failed where there is no such place, or nobody listens yet.</returns>
    Task<Outcome<LiveLink>> ReceiveAsync(InstanceId id, LiveChannel channel);

    /// <summary>Moves a domain to another node while it runs. There it is, and stands still: whoever moved it lets it run on.</summary>
    /// <param name="id">The instance.</param>
    /// <param name="landing">What the other node's <see cref="LandAsync"/> gave.</param>
    /// <param name="connect">Connects to the other node's <see cref="ReceiveAsync"/>. Called on any thread.</param>
    /// <returns>Done: it is there, and off here. Failed: it is not there, and runs on here unless it ended meanwhile. Unavailable: not known; look at it.</returns>
    Task<Outcome> SendAsync(InstanceId id, Landing landing, Func<LiveChannel, Task<Outcome<LiveLink>>> connect);

    /// <summary>Runs a program in the guest and waits for its end. Any number at once; not repeatable, and nothing waits for it.</summary>
    /// <returns>How it went; unavailable where it is not known whether it started.</returns>
    Task<Outcome<GuestExit>> ExecuteAsync(InstanceId id, GuestCommand command);

    /// <summary>Types bytes into the guest's console, as they are: no byte has a meaning on the way. What was typed before into the same one comes first.</summary>
    /// <param name="id">The instance.</param>
    /// <param name="bytes">Not to be changed before the outcome.</param>
    /// <returns>Done when the console took them, which does not say that the guest has read them; unavailable where it took no byte for 10 s or more than
    /// <see cref="ConsoleQueue.BytesMax"/> wait already: then the first of them may have been taken.</returns>
    Task<Outcome> TypeAsync(InstanceId id, ReadOnlyMemory<byte> bytes);

    /// <summary>Where the hypervisor writes what the guest says. The files outlive this process; they go with the domain.</summary>
    GuestLogs LogsOf(InstanceId id);

    /// <summary>The command that attaches the calling terminal to the domain's console, as an argument array.</summary>
    IReadOnlyList<string> ConsoleCommand(InstanceId id);
}
