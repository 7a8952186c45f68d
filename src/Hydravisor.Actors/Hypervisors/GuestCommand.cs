namespace Hydravisor.Actors.Hypervisors;

/// <summary>A program to run in a guest, by the guest's agent.</summary>
/// <param name="Argv">The program's absolute path and its arguments, as they are: no shell looks at them.</param>
/// <param name="Stdin">What it reads; null: nothing.</param>
/// <param name="Limit">How long it may run.</param>
/// <param name="OutputBytesMax">How much is kept of each of its two outputs.</param>
internal sealed record GuestCommand(IReadOnlyList<string> Argv, byte[]? Stdin, TimeSpan Limit, int OutputBytesMax);

/// <summary>How that went. That a program ran and failed is never confused with that it never started. Closed.</summary>
internal abstract record GuestExit
{
    private GuestExit()
    {
    }

    /// <summary>It ran and ended by itself. Compared by reference.</summary>
    /// <param name="Code">Its exit code; 128 and the signal's number where a signal ended it.</param>
    /// <param name="Output">Its standard output.</param>
    /// <param name="Errors">Its standard error.</param>
    /// <param name="Truncated">Whether it wrote more than is here.</param>
    public sealed record Ended(int Code, byte[] Output, byte[] Errors, bool Truncated) : GuestExit;

    /// <summary>It ran longer than it may and was killed, with its children.</summary>
    public sealed record TimedOut : GuestExit;

    /// <summary>It never started: there is no such program, or the agent may not run any.</summary>
    public sealed record NotStarted(string Reason) : GuestExit;

    /// <summary>The guest has no agent that could run it.</summary>
    public sealed record NoAgent : GuestExit;

    /// <summary>It was started, and how it ended is not known.</summary>
    public sealed record Lost(string Reason) : GuestExit;
}
