namespace Hydravisor.Actors.Access;

/// <summary>Whether messages without a credential act with the grant of their connection.</summary>
internal enum BareAfterAuthorize
{
    /// <summary>Over TLS and from the node's own machine.</summary>
    Auto,

    /// <summary>Always.</summary>
    On,

    /// <summary>Never.</summary>
    Off,
}
