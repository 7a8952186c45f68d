namespace Hydravisor.Libvirt;

/// <summary>Why a domain is running (<c>virDomainRunningReason</c>).</summary>
public enum RunningReason
{
    /// <summary>Not known.</summary>
    Unknown = 0,
    /// <summary>Normal startup from boot.</summary>
    Booted = 1,
    /// <summary>Migrated from another host.</summary>
    Migrated = 2,
    /// <summary>Restored from a state file.</summary>
    Restored = 3,
    /// <summary>Restored from snapshot.</summary>
    FromSnapshot = 4,
    /// <summary>Returned from paused state.</summary>
    Unpaused = 5,
    /// <summary>Returned from migration.</summary>
    MigrationCanceled = 6,
    /// <summary>Returned from failed save process.</summary>
    SaveCanceled = 7,
    /// <summary>Returned from pmsuspended due to wakeup event.</summary>
    Wakeup = 8,
    /// <summary>Resumed from crashed.</summary>
    Crashed = 9,
    /// <summary>Running in post-copy migration mode.</summary>
    Postcopy = 10,
    /// <summary>Running in failed post-copy migration.</summary>
    PostcopyFailed = 11,
}

/// <summary>Why a domain is paused (<c>virDomainPausedReason</c>).</summary>
public enum PausedReason
{
    /// <summary>The reason is unknown.</summary>
    Unknown = 0,
    /// <summary>Paused on user request.</summary>
    User = 1,
    /// <summary>Paused for offline migration.</summary>
    Migration = 2,
    /// <summary>Paused for save.</summary>
    Save = 3,
    /// <summary>Paused for offline core dump.</summary>
    Dump = 4,
    /// <summary>Paused due to a disk I/O error.</summary>
    IOError = 5,
    /// <summary>Paused due to a watchdog event.</summary>
    Watchdog = 6,
    /// <summary>Paused after restoring from snapshot.</summary>
    FromSnapshot = 7,
    /// <summary>Paused during shutdown process.</summary>
    ShuttingDown = 8,
    /// <summary>Paused while creating a snapshot.</summary>
    Snapshot = 9,
    /// <summary>Paused due to a guest crash.</summary>
    Crashed = 10,
    /// <summary>The domain is being started.</summary>
    StartingUp = 11,
    /// <summary>Paused for post-copy migration.</summary>
    Postcopy = 12,
    /// <summary>Paused after failed post-copy.</summary>
    PostcopyFailed = 13,
}

/// <summary>Why a domain is shutting down (<c>virDomainShutdownReason</c>).</summary>
public enum ShutdownReason
{
    /// <summary>The reason is unknown.</summary>
    Unknown = 0,
    /// <summary>Shutting down on user request.</summary>
    User = 1,
}

/// <summary>Why a domain is off (<c>virDomainShutoffReason</c>).</summary>
public enum ShutoffReason
{
    /// <summary>The reason is unknown.</summary>
    Unknown = 0,
    /// <summary>Normal shutdown.</summary>
    Shutdown = 1,
    /// <summary>Forced poweroff.</summary>
    Destroyed = 2,
    /// <summary>Domain crashed.</summary>
    Crashed = 3,
    /// <summary>Migrated to another host.</summary>
    Migrated = 4,
    /// <summary>Saved to a file.</summary>
    Saved = 5,
    /// <summary>Failed to start, or QEMU died under it.</summary>
    Failed = 6,
    /// <summary>Restored from a snapshot which was taken while domain was shutoff.</summary>
    FromSnapshot = 7,
    /// <summary>Daemon decides to kill domain during reconnection processing.</summary>
    Daemon = 8,
}

/// <summary>Why a domain is crashed (<c>virDomainCrashedReason</c>).</summary>
public enum CrashedReason
{
    /// <summary>Crashed for unknown reason.</summary>
    Unknown = 0,
    /// <summary>Domain panicked.</summary>
    Panicked = 1,
}
