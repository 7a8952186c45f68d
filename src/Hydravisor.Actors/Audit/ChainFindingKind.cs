namespace Hydravisor.Actors.Audit;

/// <summary>What is wrong with a record.</summary>
internal enum ChainFindingKind
{
    /// <summary>Its content or its manifest is not what was stored.</summary>
    Altered,

    /// <summary>It is not there, or marked as deleted.</summary>
    Missing,

    /// <summary>It stands in another's place.</summary>
    Reordered,

    /// <summary>It does not belong there: a second of its number, or of another stream.</summary>
    Inserted,

    /// <summary>The stream ends before it.</summary>
    Truncated,

    /// <summary>It is no stored event.</summary>
    Unreadable,
}
