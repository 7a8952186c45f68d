namespace Hydravisor.Actors.Terminals;

/// <summary>Has all kept that people type at a console who are attached on the node itself: by script(1), which runs in the pane and so also while this process is down.</summary>
/// <remarks>The file begins and ends each run with a line of script's own ("Script started …", "Script done …"). Answers of tmux to questions of the guest are in it too.</remarks>
internal static class TypedLog
{
    /// <summary>The command under which the console runs.</summary>
    /// <param name="console">The console's own command.</param>
    /// <param name="file">Appended to; made where it is missing, for its owner only.</param>
    /// <exception cref="IOException">It cannot be made.</exception>
    public static IReadOnlyList<string> Around(IReadOnlyList<string> console, string file)
    {
        const UnixFileMode OwnersOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (new FileStream(file, new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.Write, Share = FileShare.ReadWrite, UnixCreateMode = OwnersOnly }))
        {
        }

        // It takes a single word for a shell. exec leaves no shell behind.
        return ["script", "-q", "-f", "-e", "-E", "never", "-a", "-I", file, "-c", "exec " + ShellWord.Join(console)];
    }
}
