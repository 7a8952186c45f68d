namespace Hydravisor.Actors.Hypervisors;

/// <summary>How a call on the world outside ended, as a value.</summary>
internal enum OutcomeKind
{
    /// <summary>Done, or already so.</summary>
    Done,

    /// <summary>The part that was called is not there now; nothing is known of the effect. Ask again when it is back.</summary>
    Unavailable,

    /// <summary>It was refused or failed, and would again.</summary>
    Failed,
}

/// <summary>How a call ended.</summary>
/// <param name="Kind">Done, unavailable, or failed.</param>
/// <param name="Reason">For a person: what went wrong. Empty when done.</param>
internal readonly record struct Outcome(OutcomeKind Kind, string Reason)
{
    /// <summary>It is done.</summary>
    public static Outcome Done { get; } = new(OutcomeKind.Done, "");

    /// <summary>Whether it is done.</summary>
    public bool IsDone => Kind == OutcomeKind.Done;

    /// <summary>The part is not there.</summary>
    public static Outcome Unavailable(string reason) => new(OutcomeKind.Unavailable, reason);

    /// <summary>It failed.</summary>
    public static Outcome Failed(string reason) => new(OutcomeKind.Failed, reason);
}

/// <summary>How a call that yields a value ended.</summary>
/// <param name="Result">Done, unavailable, or failed.</param>
/// <param name="Value">The value when done.</param>
internal readonly record struct Outcome<T>(Outcome Result, T? Value)
{
    /// <summary>Whether it is done.</summary>
    public bool IsDone => Result.IsDone;

    /// <summary>It is done and yielded a value.</summary>
    public static Outcome<T> Done(T value) => new(Outcome.Done, value);

    /// <summary>The part is not there.</summary>
    public static Outcome<T> Unavailable(string reason) => new(Outcome.Unavailable(reason), default);

    /// <summary>It failed.</summary>
    public static Outcome<T> Failed(string reason) => new(Outcome.Failed(reason), default);
}
