using Hydravisor.Protocol;

namespace Hydravisor.Actors.Sessions;

/// <summary>Whether the peer is there: asked after each silence. Not thread-safe: the session's own.</summary>
/// <param name="settings">How often it may stay silent.</param>
/// <param name="time">The clock.</param>
/// <param name="send">Writes a message to the agent.</param>
internal sealed class SessionHeartbeats(SessionSettings settings, TimeProvider time, Action<ServerMessage> send)
{
    private bool _heard;
    private int _unanswered;

    /// <summary>Something came: any line answers a heartbeat.</summary>
    public void Heard() => _heard = true;

    /// <summary>An interval has passed: asks where nothing came in it.</summary>
    /// <returns>False: it was asked often enough, and has been told that this is the end.</returns>
    public bool Beat()
    {
        if (_heard)
        {
            (_heard, _unanswered) = (false, 0);
            return true;
        }

        if (_unanswered >= settings.HeartbeatsUnansweredMax)
        {
            send(SessionRequests.Error(ErrorCode.TimedOut, $"{_unanswered} heartbeats were not answered; the connection is closed. Any line answers one"));
            return false;
        }

        _unanswered++;
        send(new HeartbeatRequest { Time = time.GetUtcNow() });
        return true;
    }
}
