using Akka.Event;
using Hydravisor.Actors.Access;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Sessions;

/// <summary>What the node's log says of one session.</summary>
/// <param name="log">The log.</param>
/// <param name="connection">The session's connection.</param>
internal sealed class SessionLog(ILoggingAdapter log, Connection connection)
{
    private readonly ILoggingAdapter _log = log.WithContext("Connection", connection.Id);

    /// <summary>It began.</summary>
    public void Opened(Principal? bare) =>
        _log.Info("connection {Connection} from {Remote}{Tls} as {Role}", connection.Id, connection.Remote, connection.Tls?.ToString() ?? "", bare?.Role ?? "nobody");

    /// <summary>It is over.</summary>
    public void Ended() => _log.Info("connection {Connection} ended", connection.Id);

    /// <summary>Another one speaks from now on, or nobody.</summary>
    public void Speaks(Principal? listener) =>
        _log.Info("connection {Connection} speaks as {Agent} in the role {Role}", connection.Id, listener?.Agent ?? "nobody", listener?.Role ?? "-");

    /// <summary>A wrapped message was not let in.</summary>
    public void Denied(WrappedLine line, string why) => _log.WithContext("Agent", line.AgentFingerprint).WithContext("RequestId", line.RequestId ?? "").Warning(
        "connection {Connection}: a message of {Key} in the role {Role} was not let in: {Reason}", connection.Id, line.AgentFingerprint, line.Role, why);

    /// <summary>Something is sent: errors are of interest to who looks closely.</summary>
    public void Sent(ServerMessage message)
    {
        if (_log.IsDebugEnabled && message is ErrorMessage error)
        {
            _log.Debug(
                "connection {Connection}: {Code} {Reason} (instance {InstanceId}, request_id {RequestId})",
                connection.Id, (int)error.Code, error.Message, error.InstanceId ?? "-", error.Meta?.RequestId ?? "-");
        }
    }

    /// <summary>The peer broke off.</summary>
    public void Broke(string why) => _log.Debug("connection {Connection} broke: {Reason}", connection.Id, why);

    /// <summary>The node closes it, and told the peer why.</summary>
    public void Closed(string why) => _log.Warning("connection {Connection} is closed: {Reason}", connection.Id, why);

    /// <summary>The node cuts it: the peer cannot be told.</summary>
    public void Cut(string why) => _log.Warning("connection {Connection} is cut: {Reason}", connection.Id, why);
}
