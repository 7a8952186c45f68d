using Hydravisor.Libvirt.Native;

namespace Hydravisor.Libvirt;

/// <summary>A reference to one domain (virtual machine). Short-lived: look it up, use it, dispose it; it keeps its connection
/// open. Every method asks the daemon, blocks, may be called from any thread, and throws <see cref="LibvirtException"/>
/// (<see cref="LibvirtException.IsNotFound"/> once the domain is gone). See <see cref="LibvirtConnection"/> for the
/// rules.</summary>
public sealed class LibvirtDomain : IDisposable
{
    private const int MetadataElement = 2;

    private readonly DomainHandle _handle;

    /// <summary>Takes the handle over.</summary>
    internal unsafe LibvirtDomain(DomainHandle handle)
    {
        _handle = handle;
        byte* uuid = stackalloc byte[DomainImports.UuidSize];
        Checked.NotNegative(DomainImports.GetUuid(handle, uuid), "virDomainGetUUID");
        Uuid = DomainIdentity.FromNative(uuid);
        Name = DomainIdentity.NameFromNative(DomainImports.GetName(handle));
        // The name's memory belongs to the handle.
        GC.KeepAlive(handle);
    }

    /// <summary>The UUID. Known without asking.</summary>
    public Guid Uuid { get; }

    /// <summary>The name, as of the look-up. Known without asking.</summary>
    public string Name { get; }

    /// <summary>The number of the running domain, null where inactive: as of the look-up, or of a later <see cref="Create"/>
    /// through this reference. Known without asking, hence stale after a stop: libvirt does not clear it.</summary>
    public int? Id => DomainIdentity.IdFromNative(DomainImports.GetId(_handle));

    /// <summary>Whether it has a process: running, paused or on its way down.</summary>
    public bool IsActive => Checked.NotNegative(DomainImports.IsActive(_handle), "virDomainIsActive") == 1;

    /// <summary>Whether it has a definition that outlives its process.</summary>
    public bool IsPersistent => Checked.NotNegative(DomainImports.IsPersistent(_handle), "virDomainIsPersistent") == 1;

    /// <summary>What it is doing and why. Cheap, and answered even for a wedged guest.</summary>
    public unsafe DomainStatus GetState()
    {
        int state;
        int reason;
        Checked.NotNegative(DomainImports.GetState(_handle, &state, &reason, 0), "virDomainGetState");
        return new DomainStatus((DomainState)state, reason);
    }

    /// <summary>Its size and use. May wait for another job on the same domain.</summary>
    public unsafe DomainInfo GetInfo()
    {
        NativeDomainInfo info;
        Checked.NotNegative(DomainImports.GetInfo(_handle, &info), "virDomainGetInfo");
        return new DomainInfo(
            (DomainState)info.State, (long)info.MaxMemoryKiB, (long)info.MemoryKiB, info.Vcpus, (long)info.CpuTimeNanoseconds);
    }

    /// <summary>Starts it. Returns once QEMU runs; the guest is still to boot.</summary>
    /// <exception cref="LibvirtException"><see cref="LibvirtException.IsInvalidState"/> where it is active already.</exception>
    public void Create(DomainCreateFlags flags) =>
        Checked.NotNegative(DomainImports.Create(_handle, flags), "virDomainCreateWithFlags");

    /// <summary>Ends it at once, as by pulling the plug. Takes one to two seconds (libvirt polls for the exit of QEMU).</summary>
    /// <exception cref="LibvirtException"><see cref="LibvirtException.IsInvalidState"/> where it is not active.</exception>
    public void Destroy(DomainDestroyFlags flags) =>
        Checked.NotNegative(DomainImports.Destroy(_handle, flags), "virDomainDestroyFlags");

    /// <summary>Asks the guest to shut down, and returns at once. The guest may ignore it: wait for the event, with a
    /// limit.</summary>
    public void Shutdown(DomainShutdownFlags flags) =>
        Checked.NotNegative(DomainImports.Shutdown(_handle, flags), "virDomainShutdownFlags");

    /// <summary>Asks the guest to reboot, and returns at once. The guest may ignore it.</summary>
    public void Reboot(DomainRebootFlags flags) => Checked.NotNegative(DomainImports.Reboot(_handle, flags), "virDomainReboot");

    /// <summary>Resets the machine as by its reset button, without the guest's doing.</summary>
    public void Reset() => Checked.NotNegative(DomainImports.Reset(_handle, 0), "virDomainReset");

    /// <summary>Pauses its CPUs. Its memory stays.</summary>
    public void Suspend() => Checked.NotNegative(DomainImports.Suspend(_handle), "virDomainSuspend");

    /// <summary>Lets its CPUs go on.</summary>
    public void Resume() => Checked.NotNegative(DomainImports.Resume(_handle), "virDomainResume");

    /// <summary>Removes the definition. A running domain goes on and vanishes when it stops.</summary>
    public void Undefine(DomainUndefineFlags flags) =>
        Checked.NotNegative(DomainImports.Undefine(_handle, flags), "virDomainUndefineFlags");

    /// <summary>Its XML. Parse it with DTDs prohibited.</summary>
    public string GetXml(DomainXmlFlags flags) => Checked.NotNull(DomainImports.GetXml(_handle, flags), "virDomainGetXMLDesc");

    /// <summary>The metadata element in the namespace, as XML; null where there is none. libvirt takes the namespace off:
    /// <c>&lt;p:mark xmlns:p="uri"/&gt;</c> comes back as <c>&lt;mark/&gt;</c>.</summary>
    /// <param name="uri">The namespace.</param>
    /// <param name="affects">Which side to read: not both.</param>
    public string? GetMetadata(string uri, DomainAffects affects)
    {
        ArgumentException.ThrowIfNullOrEmpty(uri);
        string? xml = DomainImports.GetMetadata(_handle, MetadataElement, uri, affects);
        if (xml is not null)
        {
            return xml;
        }

        LibvirtException error = Checked.LastError("virDomainGetMetadata");
        return error.Code == LibvirtErrorCode.NoDomainMetadata ? null : throw error;
    }

    /// <summary>Sets or removes the metadata element in a namespace.</summary>
    /// <param name="xml">One element; null removes.</param>
    /// <param name="key">The prefix to write the namespace with; libvirt wants one to set.</param>
    /// <param name="uri">The namespace.</param>
    /// <param name="affects">Which side to change; both may be given for a running persistent domain.</param>
    public void SetMetadata(string? xml, string key, string uri, DomainAffects affects)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        ArgumentException.ThrowIfNullOrEmpty(uri);
        Checked.NotNegative(
            DomainImports.SetMetadata(_handle, MetadataElement, xml, key, uri, affects), "virDomainSetMetadata");
    }

    /// <summary>Moves it to another daemon while it runs. Returns when it is there, or came to nothing; may take as long as its memory and disks are large.</summary>
    /// <param name="uri">The other daemon, as this domain's daemon reaches it.</param>
    /// <param name="migration">How.</param>
    /// <param name="flags">How, too.</param>
    /// <exception cref="LibvirtException">It is not there. It runs on here, unless it does not run any more.</exception>
    public unsafe void Migrate(string uri, DomainMigration migration, DomainMigrateFlags flags)
    {
        ArgumentException.ThrowIfNullOrEmpty(uri);
        ArgumentNullException.ThrowIfNull(migration);
        nint parameters = 0;
        int count = 0;
        int room = 0;
        try
        {
            foreach ((string name, string value) in migration.Parameters())
            {
                Checked.NotNegative(DomainImports.AddString(&parameters, &count, &room, name, value), "virTypedParamsAddString");
            }

            Checked.NotNegative(DomainImports.MigrateToUri(_handle, uri, parameters, (uint)count, flags), "virDomainMigrateToURI3");
        }
        finally
        {
            DomainImports.FreeParameters(parameters, count);
        }
    }

    /// <summary>Gives up what takes long, such as a migration; whoever called for that gets an error.</summary>
    /// <exception cref="LibvirtException"><see cref="LibvirtException.IsInvalidState"/> where there is nothing to give up.</exception>
    public void AbortJob() => Checked.NotNegative(DomainImports.AbortJob(_handle), "virDomainAbortJob");

    /// <summary>Sends one command to the guest agent and gives its answer. One at a time per domain.</summary>
    /// <param name="json">The command, such as <c>{"execute":"guest-ping"}</c>.</param>
    /// <param name="timeoutSeconds">How long to wait for the answer: 1 or more. (libvirt would wait for ever on request; this
    /// does not.)</param>
    /// <returns>The answer, as JSON, of whatever size the agent sends.</returns>
    /// <exception cref="LibvirtException"><see cref="LibvirtException.IsAgentUnavailable"/> where there is no agent or it does
    /// not answer in time; <see cref="LibvirtException.IsInvalidState"/> where the domain does not run.</exception>
    public string AgentCommand(string json, int timeoutSeconds)
    {
        ArgumentException.ThrowIfNullOrEmpty(json);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(timeoutSeconds);
        return Checked.NotNull(
            DomainImports.AgentCommand(_handle, json, timeoutSeconds, 0), LibvirtException.AgentOperation);
    }

    /// <summary>Lets go of the domain; it goes on. Later calls throw <see cref="ObjectDisposedException"/>.</summary>
    public void Dispose() => _handle.Dispose();
}
