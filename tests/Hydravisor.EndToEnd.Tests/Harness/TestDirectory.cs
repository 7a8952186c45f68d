using System.Diagnostics;
using System.Globalization;

namespace Hydravisor.EndToEnd.Tests.Harness;

/// <summary>A directory of one node under test. Its name says whose it is, so that what a killed test run left is found by the next.</summary>
internal sealed class TestDirectory : IDisposable
{
    private const string Prefix = "hydravisor-e2e-";

    private const UnixFileMode WalkedByAll = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private static int _count;
    private static bool _swept;
    private bool _mounted;

    public TestDirectory()
    {
        SweepOnce();
        var number = Interlocked.Increment(ref _count);
        Path = System.IO.Path.Combine(
            System.IO.Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Environment.ProcessId}-{number}"));
        Directory.CreateDirectory(Path, WalkedByAll);
    }

    /// <summary>Its path. Short, since sockets are in it.</summary>
    public string Path { get; }

    /// <summary>Puts a file system of its own there, so that it can be full.</summary>
    public async Task MountAsync(int megabytes)
    {
        await Run.CheckedAsync("mount", "-t", "tmpfs", "-o", $"size={megabytes}m,mode=0711", "hydravisor-e2e", Path);
        _mounted = true;
    }

    public void Dispose()
    {
        if (_mounted)
        {
            Unmount(Path);
        }

        Remove(Path);
    }

    /// <summary>Where a cluster is kept that has such a directory.</summary>
    public static string ClusterOf(string directory) => System.IO.Path.Combine(directory, "cluster");

    private static void Remove(string path)
    {
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
    }

    private static void Unmount(string path)
    {
        using var umount = Process.Start("umount", ["--lazy", path]);
        umount.WaitForExit();
    }

    // What a test run left that was itself killed: nobody else would ever remove it.
    private static void SweepOnce()
    {
        if (Interlocked.Exchange(ref _swept, true))
        {
            return;
        }

        foreach (var left in Directory.EnumerateDirectories(System.IO.Path.GetTempPath(), Prefix + "*"))
        {
            var owner = System.IO.Path.GetFileName(left)[Prefix.Length..].Split('-')[0];
            if (!Directory.Exists($"/proc/{owner}"))
            {
                EndClusterIn(left);
                KillNodeOn(left);
                TmuxServers.KillAll(System.IO.Path.Combine(left, "run"));
                if (File.ReadLines("/proc/mounts").Any(line => line.Split(' ')[1] == left))
                {
                    Unmount(left);
                }

                Remove(left);
            }
        }
    }

    private static void EndClusterIn(string directory)
    {
        if (Directory.Exists(ClusterOf(directory)))
        {
            using var down = Process.Start("env", ["-u", "HYDRAVISOR_NETWORK", "HYDRAVISOR_CLUSTER=" + ClusterOf(directory), Checkout.Script("cluster"), "down", "--vms"]);
            down.WaitForExit();
        }
    }

    private static void KillNodeOn(string directory)
    {
        foreach (var process in Directory.EnumerateDirectories("/proc").Where(path => int.TryParse(System.IO.Path.GetFileName(path), out _)))
        {
            try
            {
                var words = File.ReadAllText(System.IO.Path.Combine(process, "cmdline")).Split('\0');
                if (words.Contains("serve") && words.Contains(directory))
                {
                    using var node = Process.GetProcessById(int.Parse(System.IO.Path.GetFileName(process), CultureInfo.InvariantCulture));
                    node.Kill();
                    node.WaitForExit();
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
            {
                // It ended while it was looked at.
            }
        }
    }
}
