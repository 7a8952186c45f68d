namespace Hydravisor.Libvirt;

/// <summary>A step in the life of a domain (<c>virDomainEventType</c>).</summary>
public enum DomainLifecycleKind
{
    /// <summary>The definition came or changed.</summary>
    Defined = 0,
    /// <summary>The definition went.</summary>
    Undefined = 1,
    /// <summary>It runs.</summary>
    Started = 2,
    /// <summary>Its CPUs are paused.</summary>
    Suspended = 3,
    /// <summary>Its CPUs go on.</summary>
    Resumed = 4,
    /// <summary>It is off; its process is gone.</summary>
    Stopped = 5,
    /// <summary>The guest has shut down; Stopped follows.</summary>
    Shutdown = 6,
    /// <summary>The guest sleeps by its own power management.</summary>
    PmSuspended = 7,
    /// <summary>The guest crashed and is kept.</summary>
    Crashed = 8,
}

/// <summary>Detail of Defined (<c>virDomainEventDefinedDetailType</c>).</summary>
public enum DefinedDetail
{
    /// <summary>Newly created config file.</summary>
    Added = 0,
    /// <summary>Changed config file.</summary>
    Updated = 1,
    /// <summary>Domain was renamed.</summary>
    Renamed = 2,
    /// <summary>Config was restored from a snapshot.</summary>
    FromSnapshot = 3,
}

/// <summary>Detail of Undefined (<c>virDomainEventUndefinedDetailType</c>).</summary>
public enum UndefinedDetail
{
    /// <summary>Deleted the config file.</summary>
    Removed = 0,
    /// <summary>Domain was renamed.</summary>
    Renamed = 1,
}

/// <summary>Detail of Started (<c>virDomainEventStartedDetailType</c>).</summary>
public enum StartedDetail
{
    /// <summary>Normal startup from boot.</summary>
    Booted = 0,
    /// <summary>Incoming migration from another host.</summary>
    Migrated = 1,
    /// <summary>Restored from a state file.</summary>
    Restored = 2,
    /// <summary>Restored from snapshot.</summary>
    FromSnapshot = 3,
    /// <summary>Started due to wakeup event.</summary>
    Wakeup = 4,
}

/// <summary>Detail of Suspended (<c>virDomainEventSuspendedDetailType</c>).</summary>
public enum SuspendedDetail
{
    /// <summary>Normal suspend due to admin pause.</summary>
    Paused = 0,
    /// <summary>Suspended for offline migration.</summary>
    Migrated = 1,
    /// <summary>Suspended due to a disk I/O error.</summary>
    IOError = 2,
    /// <summary>Suspended due to a watchdog firing.</summary>
    Watchdog = 3,
    /// <summary>Restored from paused state file.</summary>
    Restored = 4,
    /// <summary>Restored from paused snapshot.</summary>
    FromSnapshot = 5,
    /// <summary>Suspended after failure during libvirt API call.</summary>
    ApiError = 6,
    /// <summary>Suspended for post-copy migration.</summary>
    Postcopy = 7,
    /// <summary>Suspended after failed post-copy.</summary>
    PostcopyFailed = 8,
}

/// <summary>Detail of Resumed (<c>virDomainEventResumedDetailType</c>).</summary>
public enum ResumedDetail
{
    /// <summary>Normal resume due to admin unpause.</summary>
    Unpaused = 0,
    /// <summary>Resumed for completion of migration.</summary>
    Migrated = 1,
    /// <summary>Resumed from snapshot.</summary>
    FromSnapshot = 2,
    /// <summary>Resumed, but migration is still running in post-copy mode.</summary>
    Postcopy = 3,
    /// <summary>Running, but migration failed in post-copy.</summary>
    PostcopyFailed = 4,
}

/// <summary>Detail of Stopped (<c>virDomainEventStoppedDetailType</c>).</summary>
public enum StoppedDetail
{
    /// <summary>Normal shutdown.</summary>
    Shutdown = 0,
    /// <summary>Forced poweroff from host.</summary>
    Destroyed = 1,
    /// <summary>Guest crashed.</summary>
    Crashed = 2,
    /// <summary>Migrated off to another host.</summary>
    Migrated = 3,
    /// <summary>Saved to a state file.</summary>
    Saved = 4,
    /// <summary>The emulator failed or was killed, or its start failed.</summary>
    Failed = 5,
    /// <summary>Offline snapshot loaded.</summary>
    FromSnapshot = 6,
}

/// <summary>Detail of Shutdown (<c>virDomainEventShutdownDetailType</c>).</summary>
public enum ShutdownDetail
{
    /// <summary>The guest finished its shutdown; who asked is not known.</summary>
    Finished = 0,
    /// <summary>The guest asked for it itself.</summary>
    Guest = 1,
    /// <summary>The host asked for it, by a signal for example.</summary>
    Host = 2,
}

/// <summary>Detail of PmSuspended (<c>virDomainEventPMSuspendedDetailType</c>).</summary>
public enum PmSuspendedDetail
{
    /// <summary>Guest was PM suspended to memory.</summary>
    Memory = 0,
    /// <summary>Guest was PM suspended to disk.</summary>
    Disk = 1,
}

/// <summary>Detail of Crashed (<c>virDomainEventCrashedDetailType</c>).</summary>
public enum CrashedDetail
{
    /// <summary>Guest was panicked.</summary>
    Panicked = 0,
    /// <summary>Guest was crashloaded.</summary>
    CrashLoaded = 1,
}
