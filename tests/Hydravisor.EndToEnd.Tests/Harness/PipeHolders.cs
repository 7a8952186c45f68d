namespace Hydravisor.EndToEnd.Tests.Harness;

/// <summary>Who holds a pipe: evidence where one does not end though its writer is gone.</summary>
internal static class PipeHolders
{
    /// <summary>The pipes that a process writes its output and its errors to, as <c>/proc</c> names them; empty where the process is gone.</summary>
    public static IReadOnlyList<string> OutputsOf(int processId) => [TargetOf($"/proc/{processId}/fd/1"), TargetOf($"/proc/{processId}/fd/2")];

    /// <summary>The other processes that hold one of these pipes now, each with its command.</summary>
    public static IReadOnlyList<string> Of(IReadOnlyCollection<string> pipes) =>
    [
        .. from process in Directory.EnumerateDirectories("/proc")
           where int.TryParse(Path.GetFileName(process), out var id) && id != Environment.ProcessId && Holds(process, pipes)
           select $"{Path.GetFileName(process)} {CommandOf(process)}",
    ];

    private static bool Holds(string process, IReadOnlyCollection<string> pipes)
    {
        try
        {
            return Directory.EnumerateFiles(Path.Combine(process, "fd")).Any(descriptor => pipes.Contains(TargetOf(descriptor)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static string TargetOf(string link)
    {
        try
        {
            return new FileInfo(link).LinkTarget ?? "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static string CommandOf(string process)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "cmdline")).Replace('\0', ' ').Trim();
        }
        catch (IOException)
        {
            return "";
        }
    }
}
