namespace Hydravisor.Actors.Access.Replay;

/// <summary>Whether a signed message may be looked at.</summary>
internal enum ReplayVerdict
{
    /// <summary>Its nonce was never seen, and is remembered now.</summary>
    Fresh,

    /// <summary>Its nonce was used before.</summary>
    Replayed,

    /// <summary>Its time is too far from the node's, or from before what the node remembers.</summary>
    Stale,

    /// <summary>More signed messages came within the window than the node remembers.</summary>
    Full,

    /// <summary>Its nonce cannot be stored: the disk is full, or broken.</summary>
    Unavailable,
}
