using System.Diagnostics;
using Hydravisor.Libvirt;

namespace Hydravisor.Bench.State;

/// <summary>A domain of the bench's own that is defined and does not run, and one connection that asks for its state.</summary>
internal sealed class IdleDomain : IDisposable
{
    private readonly LibvirtConnection _connection;
    private readonly LibvirtDomain _domain;

    /// <summary>Defines it.</summary>
    public IdleDomain()
    {
        _connection = LibvirtConnection.Open(Uri);
        var name = $"hydravisor-bench-{Environment.ProcessId}";
        _domain = _connection.Define(
            $"<domain type='qemu'><name>{name}</name><memory unit='MiB'>64</memory><os><type arch='x86_64' machine='q35'>hvm</type></os></domain>",
            DomainDefineFlags.Validate);
    }

    /// <summary>The machine's libvirt, as a node takes it.</summary>
    public static string Uri => Environment.IsPrivilegedProcess ? "qemu:///system" : "qemu:///session";

    /// <summary>Asks for a time, one call after another.</summary>
    /// <returns>Answers a second.</returns>
    public double Run(TimeSpan time)
    {
        var (count, clock) = (0, Stopwatch.StartNew());
        for (; clock.Elapsed < time; count++)
        {
            _domain.GetState();
        }

        return count / clock.Elapsed.TotalSeconds;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _domain.Undefine(DomainUndefineFlags.None);
        _domain.Dispose();
        _connection.Dispose();
    }
}
