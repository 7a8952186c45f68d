namespace Hydravisor.Actors.Hypervisors;

/// <summary>What the kernel says of a process (proc_pid_stat(5)).</summary>
internal static class ProcessStatus
{
    // The second, in parentheses, may hold anything.
    private const int FieldsBefore = 2;

    /// <summary>One of its fields; null where the kernel has none of that number.</summary>
    /// <param name="process">The process.</param>
    /// <param name="number">The field's number in the manual, from 3.</param>
    /// <exception cref="IOException">There is no such process, or it has just ended.</exception>
    public static string? Field(int process, int number)
    {
        var stat = File.ReadAllText($"/proc/{process}/stat");
        return stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries).ElementAtOrDefault(number - FieldsBefore - 1);
    }
}
