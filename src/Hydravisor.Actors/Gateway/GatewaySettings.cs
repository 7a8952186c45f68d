using System.Net;
using Hydravisor.Actors.Gateway.Tls;

namespace Hydravisor.Actors.Gateway;

/// <summary>Where and for how many a node listens. Read from <c>hydravisor.gateway</c>.</summary>
/// <param name="Listen">The address and port; port 0: any that is free.</param>
/// <param name="LineBytesMax">Longest line in bytes.</param>
/// <param name="LineTimeMax">How long a line may take from its first byte to its end.</param>
/// <param name="ConnectionsMax">Most connections at once.</param>
/// <param name="ConnectionsPerAddressMax">Most connections at once from one address.</param>
/// <param name="StallMax">How long a peer may take nothing of what waits for it before its connection is reset.</param>
/// <param name="DrainTimeout">How long a stop waits for the sessions to end.</param>
/// <param name="Tls">How it speaks TLS; null: it does not.</param>
internal sealed record GatewaySettings(
    IPEndPoint Listen,
    int LineBytesMax,
    TimeSpan LineTimeMax,
    int ConnectionsMax,
    int ConnectionsPerAddressMax,
    TimeSpan StallMax,
    TimeSpan DrainTimeout,
    TlsSettings? Tls = null);
