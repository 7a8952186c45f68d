using System.Net;
using System.Security.Cryptography;
using Hydravisor.Actors.Access;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Sessions;

/// <summary>Who speaks on a connection: nobody, whom the policy lets speak without a credential, or an agent that showed its key.</summary>
/// <remarks>Not thread-safe: the session's own, and called from its mailbox only.</remarks>
/// <param name="connection">The connection.</param>
/// <param name="access">Whom the node lets in.</param>
/// <param name="changed">Told when another one speaks from now on, or nobody: what was followed is followed no more.</param>
/// <param name="denied">Writes down each message that was not let in, and then has it answered.</param>
/// <param name="send">Writes a message to the agent.</param>
internal sealed class SessionIdentity(
    Connection connection, AccessControl access, Action changed, Action<WrappedLine, Admission.Denied, Action> denied, Action<ServerMessage> send)
{
    private readonly string _session = RandomNumberGenerator.GetHexString(16, lowercase: true);
    private readonly bool _guarded = connection.Tls is not null || IPAddress.IsLoopback(connection.Remote.Address);
    private readonly WrapMemory _wrappings = new();
    private Admission.Granted? _grant;
    private string? _announced;
    private (Policy Policy, Principal? Principal)? _stranger;
    private bool _answered;

    /// <summary>Whom a message without a credential comes from; null: nobody who may speak.</summary>
    public Principal? Bare =>
        _grant is null ? Stranger
        : access.Policy.TakesBareAfterAuthorize(_guarded) ? _grant.Principal
        : null;

    /// <summary>Who may hear of what happens by itself: whoever spoke last.</summary>
    public Principal? Listener => _grant?.Principal ?? Stranger;

    // Asked for each bare message: the same for as long as the policy is.
    private Principal? Stranger
    {
        get
        {
            var policy = access.Policy;
            if (_stranger is not { } known || known.Policy != policy)
            {
                _stranger = known = (policy, policy.Anonymous(connection.Remote.Address, connection.Id));
            }

            return known.Principal;
        }
    }

    /// <summary>What a connection is told whose bare message comes from nobody.</summary>
    public string WhyNobody => _grant is null
        ? "this node does not talk to strangers: its policy has no role for a connection without a credential"
        : "this connection's messages must each be signed: the policy does not take bare ones after mcp/authorize here";

    /// <summary>Takes a line: what it says, and who says it. A line that says nothing is answered here.</summary>
    /// <returns>Null: it was answered.</returns>
    public (ClientMessage Message, Principal? From)? Take(ReadOnlyMemory<byte> line)
    {
        var unwrapped = LineWrapping.Unwrap(line, _wrappings);
        if (unwrapped.IsBare)
        {
            if (_grant?.ExpiresAt is not null)
            {
                // It may have ended since the last look.
                Check();
            }

            return Decode(line) is { } bare ? (bare, Bare) : null;
        }

        if (unwrapped.Wrapped is not { } wrapped)
        {
            send(unwrapped.Refusal!);
            return null;
        }

        switch (access.Admit(wrapped, connection.Id, connection.Tls?.CertificateFingerprint, _grant))
        {
            case Admission.Granted granted:
                Speak(granted);
                return Decode(wrapped.Message) is { } message ? (message, granted.Principal) : null;
            case Admission.Denied refused:
                Refuse(wrapped, refused);
                return null;
            default:
                throw new InvalidOperationException("A message is let in or not.");
        }
    }

    /// <summary>The policy, the agents or the time have changed: what was granted may have ended.</summary>
    public void Check()
    {
        if (_grant is not { } grant)
        {
            return;
        }

        if (access.Ended(grant) is { } why)
        {
            (_grant, _announced) = (null, null);
            send(new Authorize
            {
                Granted = false,
                AgentFingerprint = grant.KeyFingerprint,
                Role = grant.Principal.Role,
                Code = ErrorCode.Unauthorized,
                Message = $"the grant has ended: {why}",
            });
            changed();
        }
        else if (_announced != access.Policy.Digest)
        {
            Announce(grant);
        }
    }

    private void Speak(Admission.Granted granted)
    {
        if (ReferenceEquals(_grant, granted))
        {
            return;
        }

        if (_grant is { } before && before.Principal == granted.Principal && before.KeyFingerprint == granted.KeyFingerprint)
        {
            // The same to the agent: it stands under another policy, or ends at another time.
            _grant = granted;
            return;
        }

        var other = _grant is { } former ? former.Principal != granted.Principal : Bare is not null;
        _grant = granted;
        Announce(granted);
        if (other)
        {
            changed();
        }
    }

    private void Announce(Admission.Granted granted)
    {
        (_announced, _answered) = (access.Policy.Digest, true);
        send(new Authorize
        {
            Granted = true,
            AgentFingerprint = granted.KeyFingerprint,
            Role = granted.Principal.Role,
            Permissions = access.Policy.PermissionsOf(granted.Principal),
            SessionId = _session,
            ExpiresAt = granted.ExpiresAt,
        });
    }

    private void Refuse(WrappedLine line, Admission.Denied refused)
    {
        denied(line, refused, () =>
        {
            if (!_answered)
            {
                _answered = true;
                send(new Authorize
                {
                    Granted = false,
                    AgentFingerprint = line.AgentFingerprint,
                    Role = line.Role,
                    Code = refused.Code,
                    Message = refused.Message,
                });
            }

            send(SessionRequests.Error(refused.Code, refused.Message, line.RequestId));
        });
    }

    private ClientMessage? Decode(ReadOnlyMemory<byte> line)
    {
        var decoded = LineCodec.Decode(line.Span);
        if (decoded.IsMessage)
        {
            return decoded.Message;
        }

        send(decoded.Refusal);
        return null;
    }
}
