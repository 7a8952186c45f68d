using System.Net;
using System.Net.Sockets;

namespace Hydravisor.Actors.Tests;

/// <summary>Ports of this machine.</summary>
internal static class LocalPort
{
    /// <summary>One on which nobody listens now.</summary>
    public static int Free()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
