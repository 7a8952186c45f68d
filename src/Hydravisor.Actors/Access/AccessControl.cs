using Hydravisor.Actors.Access.Agents;
using Hydravisor.Actors.Access.Replay;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Access;

/// <summary>Whom a node lets in now: the policy, the agents and their keys, the nonces that were used. Safe for all threads.</summary>
internal sealed class AccessControl
{
    private const string Unproven = "hmac is missing: only a message under the fingerprint of the client certificate that this connection was made with may leave it out";
    private const string SignedByCertificate = "hmac cannot be right: agent_fingerprint is that of a certificate, which signs no message; leave hmac out";
    private const string NotSigned = "the message is not signed by a key that this node knows: check agent_fingerprint, the key, and that hmac covers the bytes of message exactly as they are sent";

    // An unknown agent takes the time of a known one.
    private readonly AgentKey _nobodysKey = AgentKey.New(default);
    private readonly ReplayGuard? _replay;
    private readonly MessageRates _rates = new();
    private readonly TimeProvider _time;
    private volatile Policy _policy;
    private volatile AgentBook _agents;

    /// <summary>Makes one.</summary>
    /// <param name="policy">The policy in force.</param>
    /// <param name="agents">The agents.</param>
    /// <param name="replay">The nonces that were used; null: there is no place for them, and nothing signed is let in.</param>
    /// <param name="time">The clock.</param>
    public AccessControl(Policy policy, AgentBook agents, ReplayGuard? replay, TimeProvider time) =>
        (_policy, _agents, _replay, _time) = (policy, agents, replay, time);

    /// <summary>Told after a change of the policy or of the agents, on the thread that made it: must neither block nor throw.</summary>
    public event Action? Changed;

    /// <summary>The policy in force.</summary>
    public Policy Policy => _policy;

    /// <summary>The agents in force.</summary>
    public AgentBook Agents => _agents;

    /// <summary>Other agents are in force from now on.</summary>
    public void Replace(AgentBook agents)
    {
        _agents = agents;
        Changed?.Invoke();
    }

    /// <summary>Another policy is in force from now on.</summary>
    public void Replace(Policy policy)
    {
        _policy = policy;
        Changed?.Invoke();
    }

    /// <summary>Whether a wrapped message is whose it says it is, and new. One that is let in is not let in again.</summary>
    /// <param name="line">The message with its wrapping.</param>
    /// <param name="connection">The connection's id.</param>
    /// <param name="certificate">The fingerprint of the client certificate that the connection was made with; null: there is none.</param>
    /// <param name="before">What the connection was granted last, which is answered again where it would be the same; null: nothing.</param>
    public Admission Admit(WrappedLine line, string connection, string? certificate = null, Admission.Granted? before = null)
    {
        var now = _time.GetUtcNow();
        var policy = _policy;
        var match = _agents.Find(line.AgentFingerprint, now);
        var nonce = _replay?.Expect(line.AgentFingerprint, line.Nonce.Bytes.Span);
        if (Unproved(line, match, certificate) is { } unproved)
        {
            return new Admission.Denied(ErrorCode.Unauthorized, unproved);
        }

        if (NotNew(line, nonce, policy.Skew, now) is { } old)
        {
            return old;
        }

        if (match!.Agent.FrozenAt is { } since)
        {
            return new Admission.Denied(ErrorCode.Unauthorized, Frozen(since));
        }

        if (before is { Under: var (same, matched) } && same == policy && ReferenceEquals(matched, match)
            && before.Principal.Role == line.Role && before.Principal.Connection == connection)
        {
            return before;
        }

        var granted = Grant(match, line.Role, connection);
        return MayBe(policy, match.Agent, granted.Principal)
            ? granted with { Under = (policy, match) }
            : new Admission.Denied(ErrorCode.Forbidden, $"this agent may not take the role '{line.Role}'; it was given {string.Join(", ", match.Agent.Roles)}");
    }

    /// <summary>Counts a message of somebody against the rate that his role has.</summary>
    /// <returns>In how long the next one may come; null: this one may be carried out.</returns>
    public TimeSpan? CountMessage(Principal principal) => _rates.Count(principal, _policy.LimitsOf(principal.Role).MessagesPerSecond);

    /// <summary>The logs that agents follow.</summary>
    public LogSubscriptions LogSubscriptions { get; } = new();

    /// <summary>Why a grant does not hold any more; null: it holds.</summary>
    public string? Ended(Admission.Granted grant) =>
        _agents.Find(grant.KeyFingerprint, _time.GetUtcNow()) is not { } match ? "its key was revoked, or has expired"
        : match.Agent.FrozenAt is { } since ? Frozen(since)
        : MayBe(_policy, match.Agent, grant.Principal) ? null
        : $"the agent may not take the role '{grant.Principal.Role}' any more";

    /// <summary>Since when an agent is frozen: its VMs stand still, and nobody starts or resumes them. Null: it is not.</summary>
    /// <param name="agent">Its fingerprint, or anybody else whom VMs belong to.</param>
    public DateTimeOffset? FrozenSince(string agent) => _agents.Get(agent)?.FrozenAt;

    // Only who has a key of the agent hears of it: others are told that they did not sign.
    private static string Frozen(DateTimeOffset since) =>
        $"this agent was frozen by the node's operator at {since.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}: nothing of it is let in, and its VMs stand still, until it is thawed (hydravisor agent thaw)";

    // Whether an agent is known is not said, but to who holds the private key of the certificate.
    private string? Unproved(WrappedLine line, AgentKeyMatch? match, string? certificate)
    {
        if (line.AgentFingerprint != certificate)
        {
            // A certificate signs no message: what bears its fingerprint elsewhere is nobody's.
            var key = match is { Key.IsCertificate: false } ? match.Key : _nobodysKey;
            return line.Hmac is null ? Unproven : key.HasSigned(line) && key != _nobodysKey ? null : NotSigned;
        }

        return line.Hmac is not null ? SignedByCertificate
            : match is null ? "this node has no agent with the client certificate of this connection, or it has expired or was revoked: hydravisor agent add --certificate"
            : null;
    }

    private static Admission.Granted Grant(AgentKeyMatch match, string role, string connection) =>
        new(new Principal(match.Agent.Fingerprint, role, connection, match.Agent.Name), match.Key.Fingerprint, match.Key.ExpiresAt);

    private static bool MayBe(Policy policy, Agent agent, Principal principal) =>
        agent.Roles.Contains(principal.Role) && policy.MayTake(principal.Agent, principal.Role, principal.Name);

    private Admission.Denied? NotNew(WrappedLine line, ulong? nonce, TimeSpan skew, DateTimeOffset now)
    {
        if ((now - line.Timestamp).Duration() > skew)
        {
            return new Admission.Denied(
                ErrorCode.Unauthorized,
                $"timestamp is {line.TimestampText}, and the node's time is {now:yyyy-MM-ddTHH:mm:ssZ}: they may differ by {skew.TotalSeconds:0} s");
        }

        return (nonce is { } number ? _replay!.Admit(number, line.Timestamp, now) : ReplayVerdict.Unavailable) switch
        {
            ReplayVerdict.Fresh => null,
            ReplayVerdict.Replayed => new Admission.Denied(ErrorCode.Unauthorized, "nonce was used before: each message needs one of its own"),
            ReplayVerdict.Stale => new Admission.Denied(ErrorCode.Unauthorized, "timestamp is from before what the node remembers: send the message again with the time of now"),
            ReplayVerdict.Full => new Admission.Denied(ErrorCode.TooMany, "more signed messages came within a minute than the node remembers; try again in a minute"),
            _ => new Admission.Denied(ErrorCode.Unavailable, "the node cannot store that a nonce was used, and lets no signed message in; try again"),
        };
    }
}
