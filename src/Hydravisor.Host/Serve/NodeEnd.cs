namespace Hydravisor.Host.Serve;

/// <summary>How a node's life ended.</summary>
internal enum NodeEnd
{
    /// <summary>Somebody wanted it to.</summary>
    AsTold,

    /// <summary>The others of its cluster go on without it, or its actors ended unasked: it may begin anew, and join them.</summary>
    GivenUp,

    /// <summary>It may not go on, and nothing is known that would help.</summary>
    CannotGoOn,
}
