using System.Diagnostics;
using System.Text;

namespace Hydravisor.Actors.Hypervisors.Libvirt.Files;

/// <summary>Programs of others: found once by name, run with an argument array.</summary>
internal static class ChildProcess
{
    private const int ComplaintMax = 2000;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private static readonly string[] UsualPlaces = ["/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin", "/sbin"];

    /// <summary>The program's absolute path; null where it is not installed.</summary>
    public static string? Find(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
            .Where(Path.IsPathRooted)
            .Concat(UsualPlaces)
            .Select(directory => Path.Combine(directory, name))
            .FirstOrDefault(File.Exists);

    /// <summary>Runs a program to its end. Blocks.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="package">The Debian package that has it, for the message.</param>
    /// <param name="arguments">Its arguments, as they are.</param>
    /// <returns>What it wrote to its standard output; failed where it is not installed, failed, or took a minute.</returns>
    public static Outcome<string> Run(string name, string package, params IEnumerable<string> arguments)
    {
        if (Find(name) is not { } path)
        {
            return Outcome<string>.Failed($"the program {name} is missing. Install it: apt-get install --no-install-recommends {package}");
        }

        var start = new ProcessStartInfo(path, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["LC_ALL"] = "C";
        using var process = new Process { StartInfo = start };
        var (said, complained) = (new StringBuilder(), new StringBuilder());
        process.OutputDataReceived += (_, line) => said.Append(line.Data).Append('\n');
        process.ErrorDataReceived += (_, line) => complained.Append(complained.Length < ComplaintMax ? line.Data + " " : "");
        process.Start();
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        if (!process.WaitForExit(Limit))
        {
            process.Kill(entireProcessTree: true);
            return Outcome<string>.Failed($"{name} did not end within {Limit.TotalSeconds:0} s");
        }

        // Only this form also waits for the rest of the output.
        process.WaitForExit();
        return process.ExitCode == 0
            ? Outcome<string>.Done(said.ToString())
            : Outcome<string>.Failed($"{name} failed with {process.ExitCode}: {complained.ToString().Trim()}");
    }
}
