namespace Hydravisor.Host.Verbs;

/// <summary>A verb cannot do what was asked; the message is for the person at the terminal. Empty: all is said already.</summary>
internal sealed class VerbFailure(string message, int exitCode = ExitCode.Refused) : Exception(message)
{
    /// <summary>What the program ends with.</summary>
    public int ExitCode { get; } = exitCode;
}
