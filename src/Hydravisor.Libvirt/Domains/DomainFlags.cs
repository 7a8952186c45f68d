namespace Hydravisor.Libvirt;

/// <summary>How to define (<c>virDomainDefineFlags</c>).</summary>
[Flags]
public enum DomainDefineFlags
{
    /// <summary>Do not validate.</summary>
    None = 0,
    /// <summary>Validate the XML document against schema.</summary>
    Validate = 1 << 0,
}

/// <summary>How to start (<c>virDomainCreateFlags</c>).</summary>
[Flags]
public enum DomainCreateFlags
{
    /// <summary>Default behavior.</summary>
    None = 0,
    /// <summary>Start with the CPUs paused.</summary>
    Paused = 1 << 0,
    /// <summary>Destroy the domain when this connection closes. Good in tests, never in production.</summary>
    Autodestroy = 1 << 1,
    /// <summary>Avoid file system cache pollution.</summary>
    BypassCache = 1 << 2,
    /// <summary>Boot, discarding any managed save.</summary>
    ForceBoot = 1 << 3,
    /// <summary>Validate the XML document against schema.</summary>
    Validate = 1 << 4,
    /// <summary>Re-initialize NVRAM from template.</summary>
    ResetNvram = 1 << 5,
}

/// <summary>How to destroy (<c>virDomainDestroyFlagsValues</c>).</summary>
[Flags]
public enum DomainDestroyFlags
{
    /// <summary>SIGTERM, then SIGKILL. What the guest has not flushed is lost.</summary>
    None = 0,
    /// <summary>SIGTERM only: an error where QEMU does not go by itself.</summary>
    Graceful = 1 << 0,
    /// <summary>Remove VM logs on destroy.</summary>
    RemoveLogs = 1 << 1,
}

/// <summary>How to ask the guest to shut down (<c>virDomainShutdownFlagValues</c>).</summary>
[Flags]
public enum DomainShutdownFlags
{
    /// <summary>The hypervisor chooses.</summary>
    None = 0,
    /// <summary>Send ACPI event.</summary>
    AcpiPowerBtn = 1 << 0,
    /// <summary>Use guest agent.</summary>
    GuestAgent = 1 << 1,
    /// <summary>Use initctl.</summary>
    Initctl = 1 << 2,
    /// <summary>Send a signal.</summary>
    Signal = 1 << 3,
    /// <summary>Use paravirt guest control.</summary>
    Paravirt = 1 << 4,
}

/// <summary>How to ask the guest to reboot (<c>virDomainRebootFlagValues</c>).</summary>
[Flags]
public enum DomainRebootFlags
{
    /// <summary>The hypervisor chooses.</summary>
    None = 0,
    /// <summary>Send ACPI event.</summary>
    AcpiPowerBtn = 1 << 0,
    /// <summary>Use guest agent.</summary>
    GuestAgent = 1 << 1,
    /// <summary>Use initctl.</summary>
    Initctl = 1 << 2,
    /// <summary>Send a signal.</summary>
    Signal = 1 << 3,
    /// <summary>Use paravirt guest control.</summary>
    Paravirt = 1 << 4,
}

/// <summary>What goes with the definition (<c>virDomainUndefineFlagsValues</c>). Undefine is refused while there is such a thing
/// and no flag says what to do with it.</summary>
[Flags]
public enum DomainUndefineFlags
{
    /// <summary>The definition only.</summary>
    None = 0,
    /// <summary>Also remove any managed save.</summary>
    ManagedSave = 1 << 0,
    /// <summary>If last use of domain, then also remove any snapshot metadata.</summary>
    SnapshotsMetadata = 1 << 1,
    /// <summary>Also remove any nvram file.</summary>
    Nvram = 1 << 2,
    /// <summary>Keep nvram file.</summary>
    KeepNvram = 1 << 3,
    /// <summary>If last use of domain, then also remove any checkpoint metadata.</summary>
    CheckpointsMetadata = 1 << 4,
    /// <summary>Also remove any TPM state.</summary>
    Tpm = 1 << 5,
    /// <summary>Keep TPM state.</summary>
    KeepTpm = 1 << 6,
    /// <summary>Everything that could make undefine refuse. The test driver knows neither NVRAM nor TPM and refuses their
    /// flags.</summary>
    Everything = ManagedSave | SnapshotsMetadata | CheckpointsMetadata | Nvram | Tpm,
}

/// <summary>Which XML to give (<c>virDomainXMLFlags</c>).</summary>
[Flags]
public enum DomainXmlFlags
{
    /// <summary>What is so now.</summary>
    None = 0,
    /// <summary>With passwords. Needs a connection that may write.</summary>
    Secure = 1 << 0,
    /// <summary>What the next start will use.</summary>
    Inactive = 1 << 1,
    /// <summary>With the CPU filled in from the host.</summary>
    UpdateCpu = 1 << 2,
    /// <summary>Fit for migration.</summary>
    Migratable = 1 << 3,
}

/// <summary>Which side of a domain to read or change (<c>virDomainModificationImpact</c>).</summary>
[Flags]
public enum DomainAffects
{
    /// <summary>What is current: the live side of a running domain, the configuration of another.</summary>
    None = 0,
    /// <summary>The running domain.</summary>
    Live = 1 << 0,
    /// <summary>The persistent configuration.</summary>
    Config = 1 << 1,
}

/// <summary>How to migrate (<c>virDomainMigrateFlags</c>).</summary>
[Flags]
public enum DomainMigrateFlags
{
    /// <summary>The guest stands still meanwhile.</summary>
    None = 0,
    /// <summary>The guest runs meanwhile.</summary>
    Live = 1 << 0,
    /// <summary>The daemons speak to each other; the caller only to the source's.</summary>
    Peer2Peer = 1 << 1,
    /// <summary>Memory goes over the daemons' own connection. Disks cannot.</summary>
    Tunnelled = 1 << 2,
    /// <summary>Define the domain on the destination.</summary>
    PersistDest = 1 << 3,
    /// <summary>Undefine it on the source.</summary>
    UndefineSource = 1 << 4,
    /// <summary>Leave the domain paused on the destination.</summary>
    Paused = 1 << 5,
    /// <summary>Copy the disks whole.</summary>
    NonSharedDisk = 1 << 6,
    /// <summary>Copy what lies above the backing image: the destination has a disk of its own above that image.</summary>
    NonSharedInc = 1 << 7,
    /// <summary>Let nobody change the domain's definition meanwhile.</summary>
    ChangeProtection = 1 << 8,
    /// <summary>Migrate even if libvirt holds it to be unsafe.</summary>
    Unsafe = 1 << 9,
    /// <summary>Only the definition, of a domain that is off.</summary>
    Offline = 1 << 10,
    /// <summary>Compress memory.</summary>
    Compressed = 1 << 11,
    /// <summary>Give up at the first error of the disks.</summary>
    AbortOnError = 1 << 12,
    /// <summary>Slow the guest down where it changes memory more quickly than that is copied.</summary>
    AutoConverge = 1 << 13,
    /// <summary>Pin all memory for RDMA.</summary>
    RdmaPinAll = 1 << 14,
    /// <summary>Allow the guest to run on the destination before all memory is there.</summary>
    Postcopy = 1 << 15,
    /// <summary>Encrypt memory by TLS of QEMU.</summary>
    Tls = 1 << 16,
    /// <summary>Memory over several connections.</summary>
    Parallel = 1 << 17,
    /// <summary>A write of the guest waits until the destination has it.</summary>
    NonSharedSynchronousWrites = 1 << 18,
    /// <summary>Go on with a post-copy that broke.</summary>
    PostcopyResume = 1 << 19,
    /// <summary>Send memory without copying it.</summary>
    Zerocopy = 1 << 20,
}
