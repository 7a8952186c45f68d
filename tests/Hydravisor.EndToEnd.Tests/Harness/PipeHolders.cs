namespace Hydravisor.EndToEnd.Tests.Harness;

/// <summary>Who holds a pipe: evidence where one does not end though its writer is gone.</summary>
internal static class PipeHolders
{
    /// <summary>The pipe that a process writes its output to, as <c>/proc</c> names it; empty where the process is gone.</summary>
    public static string OutputOf(int processId) => TargetOf($"/proc/{processId}/fd/1");

    /// <summary>The processes that hold a pipe now, each with its command.</summary>
    public static string Of(string pipe)
    {
        var holders =
            from process in Directory.EnumerateDirectories("/proc")
            where int.TryParse(Path.GetFileName(process), out _) && Holds(process, pipe)
            select $"{Path.GetFileName(process)} {CommandOf(process)}";
        return $"{pipe} is held by: {string.Join("; ", holders)}";
    }

    private static bool Holds(string process, string pipe)
    {
        try
        {
            return Directory.EnumerateFiles(Path.Combine(process, "fd")).Any(descriptor => TargetOf(descriptor) == pipe);
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
