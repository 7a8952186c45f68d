namespace Hydravisor.Host.Verbs;

/// <summary>What the program tells its shell.</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Ok = 0;

    /// <summary>The node refused or failed, or what was waited for did not come; stderr says why.</summary>
    public const int Refused = 1;

    /// <summary>The command line is wrong; stderr says how.</summary>
    public const int Usage = 2;

    /// <summary>No connection to a node, or it was lost.</summary>
    public const int NoConnection = 3;

    /// <summary><c>audit</c>, <c>journal</c>: there is no journal, or it cannot be read; what it says is not known.</summary>
    public const int Unreadable = 4;

    /// <summary><c>vm exec</c>: the command did not run, or nobody knows; as with docker and ssh a code that commands seldom have.</summary>
    public const int NotRun = 125;

    /// <summary>Interrupted, as shells say it (128 + SIGINT).</summary>
    public const int Interrupted = 130;
}
