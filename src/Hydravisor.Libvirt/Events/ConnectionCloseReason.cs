namespace Hydravisor.Libvirt;

/// <summary>Why a connection closed (<c>virConnectCloseReason</c>).</summary>
public enum ConnectionCloseReason
{
    /// <summary>Misc I/O error.</summary>
    Error = 0,
    /// <summary>The daemon went: it stopped, crashed or was killed.</summary>
    Eof = 1,
    /// <summary>The daemon did not answer keepalive in time.</summary>
    Keepalive = 2,
    /// <summary>Client requested it.</summary>
    Client = 3,
}
