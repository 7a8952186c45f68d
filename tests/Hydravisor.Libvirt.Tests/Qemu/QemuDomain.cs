using System.Diagnostics;
using System.Globalization;

namespace Hydravisor.Libvirt.Tests.Qemu;

/// <summary>A domain of our own on <c>qemu:///system</c>: 64 MiB under TCG and nothing to boot. It is destroyed and undefined
/// however the test ends; and should the test process itself be killed, libvirt destroys it with the connection.</summary>
public sealed class QemuDomain : IDisposable
{
    public const string Uri = "qemu:///system";

    private readonly LibvirtConnection _connection;

    public QemuDomain(LibvirtConnection connection, string devices = "")
    {
        _connection = connection;
        Domain = connection.Define(Xml(devices), DomainDefineFlags.Validate);
    }

    public Guid Uuid { get; } = Guid.NewGuid();

    public string Name => $"libvirt-test-{Uuid:N}";

    public LibvirtDomain Domain { get; }

    public void Start() => Domain.Create(DomainCreateFlags.Autodestroy);

    /// <summary>Kills the QEMU process as the kernel's memory killer would.</summary>
    public void KillProcess()
    {
        int id = int.Parse(File.ReadAllText($"/run/libvirt/qemu/{Name}.pid"), CultureInfo.InvariantCulture);
        using Process qemu = Process.GetProcessById(id);
        qemu.Kill();
    }

    public void Dispose()
    {
        Domain.Dispose();
        using LibvirtDomain? left = _connection.FindByUuid(Uuid);
        if (left is null)
        {
            return;
        }

        try
        {
            if (left.IsActive)
            {
                left.Destroy(DomainDestroyFlags.None);
            }
        }
        catch (LibvirtException error) when (error.IsInvalidState || error.IsNotFound)
        {
            // It stopped by itself meanwhile.
        }

        if (left.IsPersistent)
        {
            left.Undefine(DomainUndefineFlags.Everything);
        }
    }

    private string Xml(string devices) =>
        $"""
        <domain type='qemu'>
          <name>{Name}</name>
          <uuid>{Uuid}</uuid>
          <memory unit='MiB'>64</memory>
          <vcpu>1</vcpu>
          <os><type arch='x86_64' machine='q35'>hvm</type></os>
          <devices>
            <controller type='usb' model='none'/>
            <memballoon model='none'/>
            {devices}
          </devices>
        </domain>
        """;
}
