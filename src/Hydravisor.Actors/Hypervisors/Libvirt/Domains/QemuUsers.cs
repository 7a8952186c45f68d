using Hydravisor.Libvirt;

namespace Hydravisor.Actors.Hypervisors.Libvirt.Domains;

/// <summary>Finds out who QEMU runs as, once for each connection. Safe for all threads.</summary>
/// <param name="virtType">The type of the domains.</param>
internal sealed class QemuUsers(string virtType)
{
    private Asked? _last;

    /// <summary>Who it is; null where libvirt sees to the files itself, since we could not give them away. Blocks at the first call.</summary>
    public QemuUser? On(LibvirtConnection connection)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return null;
        }

        if (Volatile.Read(ref _last) is not { } last || last.Connection != connection)
        {
            last = new Asked(connection, QemuUser.Of(connection.GetCapabilities(), virtType));
            Volatile.Write(ref _last, last);
        }

        return last.User;
    }

    private sealed record Asked(LibvirtConnection Connection, QemuUser? User);
}
