namespace Hydravisor.Actors.Setup.Doctor;

/// <summary>How bad a finding is.</summary>
internal enum Severity
{
    /// <summary>As it should be.</summary>
    Ok,

    /// <summary>A node runs, but not as well as it could.</summary>
    Warning,

    /// <summary>A node cannot do its work.</summary>
    Error,
}

/// <summary>One thing that was looked at.</summary>
/// <param name="What">What was looked at.</param>
/// <param name="Severity">How it is.</param>
/// <param name="Found">What was found.</param>
/// <param name="Remedy">What to do, as a command to paste where there is one; null where nothing is to be done.</param>
internal sealed record Finding(string What, Severity Severity, string Found, string? Remedy = null)
{
    /// <summary>As it should be.</summary>
    public static Finding Ok(string what, string found) => new(what, Severity.Ok, found);
}
