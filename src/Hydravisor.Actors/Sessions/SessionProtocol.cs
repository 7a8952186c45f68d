using System.Threading.Channels;
using Akka.Actor;

namespace Hydravisor.Actors.Sessions;

/// <summary>One line as it came in: its bytes, or how many were skipped because it was too long.</summary>
/// <param name="Bytes">The bytes without their end; valid until the batch is acknowledged.</param>
/// <param name="SkippedBytes">0, or the length of a line that was over the limit and is not here.</param>
internal readonly record struct InboundLine(ReadOnlyMemory<byte> Bytes, long SkippedBytes);

/// <summary>What a connection's stream and its session say to each other; none of it leaves the process.</summary>
internal static class SessionProtocol
{
    /// <summary>Stream → session: lines, some or many. The next batch comes after <see cref="Ack"/>.</summary>
    /// <param name="Lines">The lines.</param>
    /// <param name="IsLate">A line was begun and not ended in time: no more lines come, only the end.</param>
    public sealed record LineBatch(IReadOnlyList<InboundLine> Lines, bool IsLate = false) : INoSerializationVerificationNeeded;

    /// <summary>Session → stream: send more.</summary>
    public sealed record Ack : INoSerializationVerificationNeeded
    {
        /// <summary>The one.</summary>
        public static Ack Instance { get; } = new();
    }

    /// <summary>Stream → session: it runs; acknowledge to begin.</summary>
    public sealed record Opened : INoSerializationVerificationNeeded
    {
        /// <summary>The one.</summary>
        public static Opened Instance { get; } = new();
    }

    /// <summary>Stream → session: the peer sends no more; what it asked for is still to be answered.</summary>
    public sealed record InputEnded : INoSerializationVerificationNeeded
    {
        /// <summary>The one.</summary>
        public static InputEnded Instance { get; } = new();
    }

    /// <summary>Stream → session: the connection broke.</summary>
    public sealed record InputFailed(string Reason) : INoSerializationVerificationNeeded;

    /// <summary>Server → session: the node stops; answer what is open, say so, and end.</summary>
    public sealed record Drain : INoSerializationVerificationNeeded
    {
        /// <summary>The one.</summary>
        public static Drain Instance { get; } = new();
    }
}

/// <summary>One connection.</summary>
/// <param name="Id">Its id in logs and causes.</param>
/// <param name="Remote">Where it comes from.</param>
/// <param name="Outbound">Where the session writes chunks of whole lines; completed when the session ends.</param>
/// <param name="Tls">What its handshake showed; null: it is not of TLS.</param>
internal sealed record Connection(string Id, System.Net.IPEndPoint Remote, ChannelWriter<ReadOnlyMemory<byte>> Outbound, TlsPeer? Tls = null);

/// <summary>What the handshake of a connection showed of its peer.</summary>
/// <param name="CertificateFingerprint">SHA-256 of the DER of its certificate, 64 lower hexadecimal digits; null: it showed none.</param>
internal sealed record TlsPeer(string? CertificateFingerprint)
{
    /// <summary>For the log, behind the address.</summary>
    public override string ToString() => $" over TLS with {(CertificateFingerprint is null ? "no certificate" : $"the certificate {CertificateFingerprint}")}";
}

/// <summary>The limits of one session. Read from <c>hydravisor.session</c>.</summary>
/// <param name="InFlightMax">Most requests unanswered; reading stops while there are so many.</param>
/// <param name="OutboundBytesMax">Most bytes waiting for a peer that does not read; more: the connection is cut.</param>
/// <param name="OutboundChunkBytes">How much is handed to the connection at once.</param>
/// <param name="FollowedMax">Most VMs that one session follows by name.</param>
/// <param name="FeedsMax">Most logs and terminals that one session follows.</param>
/// <param name="DenialsMax">Most messages in a row that are not let in on a connection on which nobody may speak; then it is closed.</param>
/// <param name="RequestTimeout">How long a request may stay unanswered before it is answered 408.</param>
/// <param name="HeartbeatInterval">After how much silence the peer is asked whether it is there.</param>
/// <param name="HeartbeatsUnansweredMax">How many of these may stay unanswered.</param>
/// <param name="DrainTimeout">How long a session that ends waits for its answers and its peer.</param>
/// <param name="Linger">How long one that said all waits for its peer to close too.</param>
internal sealed record SessionSettings(
    int InFlightMax,
    int OutboundBytesMax,
    int OutboundChunkBytes,
    int FollowedMax,
    int FeedsMax,
    int DenialsMax,
    TimeSpan RequestTimeout,
    TimeSpan HeartbeatInterval,
    int HeartbeatsUnansweredMax,
    TimeSpan DrainTimeout,
    TimeSpan Linger);
