namespace Hydravisor.Client;

/// <summary>How a client behaves. Immutable.</summary>
public sealed record HydravisorClientOptions
{
    /// <summary>How long to wait for the connection; 5 seconds.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long to wait for a reply, then <see cref="TimeoutException"/>; 30 seconds. The request may have been done
    /// nevertheless.
    /// </summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Longest line taken from the server in bytes, then the connection is given up; 64 MiB (a list of some 200,000 VMs).
    /// </summary>
    public int LineBytesMax { get; init; } = 64 * 1024 * 1024;

    /// <summary>Lines waiting to be sent, in bytes, before senders wait too; 1 MiB.</summary>
    public int SendBufferBytesMax { get; init; } = 1024 * 1024;

    /// <summary>Broadcasts kept for a reader of <see cref="HydravisorClient.Broadcasts"/> that is behind; 1024.</summary>
    public int BroadcastsMax { get; init; } = 1024;

    /// <summary>
    /// Who the client is: with it every line is wrapped and signed, without it lines go bare, and the node knows only where they
    /// come from.
    /// </summary>
    public AgentCredential? Credential { get; init; }

    /// <summary>How to speak TLS; <see langword="null"/>: plainly.</summary>
    public TlsOptions? Tls { get; init; }

    /// <summary>The clock of the timeouts, and of the timestamps that are signed.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
