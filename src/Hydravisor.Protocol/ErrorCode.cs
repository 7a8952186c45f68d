namespace Hydravisor.Protocol;

/// <summary>
/// The closed list of codes that an <c>mcp/error</c> bears. Each says when it is used, what the caller should do
/// and what the operator should do. On the wire it is the number.
/// </summary>
public enum ErrorCode
{
    /// <summary>
    /// The line is not UTF-8, not JSON, not one object, has duplicate keys, no <c>type</c> or an unknown one, or a field
    /// of the wrong JSON type. Caller: correct the line, the message says where. Operator: nothing.
    /// </summary>
    BadRequest = 400,

    /// <summary>
    /// No credential or a wrong one: unknown fingerprint, bad HMAC, stale timestamp, nonce used before.
    /// Caller: check key and clock. Operator: see whether the agent's key is known and not revoked.
    /// </summary>
    Unauthorized = 401,

    /// <summary>
    /// The policy denies it; bears the rule that decided and the digest of the policy. Caller: do not repeat it.
    /// Operator: change the policy if the agent should be allowed.
    /// </summary>
    Forbidden = 403,

    /// <summary>
    /// No such instance, or none that this agent may know of; the two cannot be told apart. Caller: ask <c>vm/list</c>.
    /// Operator: nothing.
    /// </summary>
    NotFound = 404,

    /// <summary>A type that only the server sends. Caller: do not send it. Operator: nothing.</summary>
    NotAllowed = 405,

    /// <summary>
    /// Timed out: a heartbeat, a command in the guest, a node that did not answer. Caller: ask for the state, then
    /// decide whether to repeat. Operator: look at the load and the network of the node.
    /// </summary>
    TimedOut = 408,

    /// <summary>
    /// Not in this state (resume of a running VM), name taken, a stale incarnation, or a request id used before for
    /// something else. Caller: ask for the state and decide anew. Operator: nothing.
    /// </summary>
    Conflict = 409,

    /// <summary>
    /// The line was longer than the limit; it was skipped and the connection lives on. Caller: send less at once.
    /// Operator: raise the limit if agents need it.
    /// </summary>
    TooLong = 413,

    /// <summary>
    /// Well-formed but impossible: unknown <c>os</c>, <c>cpu</c> 0 or over the limit, <c>ram</c> <c>"4XB"</c>, a bad
    /// name. Caller: correct the value, the message says what would be right. Operator: import the image that is missing.
    /// </summary>
    Impossible = 422,

    /// <summary>
    /// Over the agent's quota or rate. Caller: wait or free something. Operator: raise the quota if it is too small.
    /// </summary>
    TooMany = 429,

    /// <summary>
    /// A defect of ours; bears an id that is in the log. Caller: report it with the id. Operator: find the id in the log.
    /// </summary>
    Internal = 500,

    /// <summary>
    /// A part is down (libvirt, journal, the VM's node); nothing was half done. Caller: try again later.
    /// Operator: run <c>hydravisor doctor</c> on the node.
    /// </summary>
    Unavailable = 503,

    /// <summary>No node has room. Caller: ask for less, or delete something. Operator: add a node, or raise overcommit.</summary>
    NoRoom = 507,
}
