using System.Diagnostics;
using System.Globalization;

namespace Hydravisor.Libvirt.Tests.Daemon;

/// <summary>A libvirtd of the test's own, in its own directory, reached through its own socket. As root it runs as nobody, since
/// a second daemon of root would share directories with the system's.</summary>
public sealed class PrivateDaemon : IDisposable
{
    // Should the test process be killed, the daemon leaves by itself once nobody has been connected for so long.
    private const int IdleSeconds = 30;

    private readonly string _directory = Path.Combine(Path.GetTempPath(), $"hydravisor-libvirtd-{Guid.NewGuid():N}");

    public PrivateDaemon()
    {
        foreach (string part in new[] { "run", "config", "cache", "home" })
        {
            // Anybody may enter and write: the daemon runs as somebody else.
            Directory.CreateDirectory(Path.Combine(_directory, part));
            File.SetUnixFileMode(Path.Combine(_directory, part), EverybodyMay);
        }

        File.SetUnixFileMode(_directory, EverybodyMay);
        try
        {
            Start();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The test driver inside the daemon: real remote calls, no guests.</summary>
    public string Uri => $"test+unix:///default?socket={Path.Combine(_directory, "run", "libvirt", "libvirt-sock")}";

    private static UnixFileMode EverybodyMay =>
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    private string PidFile => Path.Combine(_directory, "pid");

    /// <summary>Returns once the daemon listens: it goes into the background when it is ready.</summary>
    public void Start()
    {
        string[] command =
            ["libvirtd", "--daemon", "--pid-file", PidFile, "--timeout", IdleSeconds.ToString(CultureInfo.InvariantCulture)];
        if (Environment.IsPrivilegedProcess)
        {
            command = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", .. command];
        }

        ProcessStartInfo start = new(command[0], command[1..]) { WorkingDirectory = "/" };
        start.Environment["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin";
        start.Environment["HOME"] = Path.Combine(_directory, "home");
        start.Environment["XDG_RUNTIME_DIR"] = Path.Combine(_directory, "run");
        start.Environment["XDG_CONFIG_HOME"] = Path.Combine(_directory, "config");
        start.Environment["XDG_CACHE_HOME"] = Path.Combine(_directory, "cache");
        using Process parent = Process.Start(start)!;
        Assert.True(parent.WaitForExit(Support.Limits.Patience), "libvirtd did not get ready.");
        Assert.Equal(0, parent.ExitCode);
    }

    /// <summary>kill -9. Its sockets and its pid file stay behind, as in life.</summary>
    public void Kill()
    {
        using Process daemon = Process.GetProcessById(Pid());
        daemon.Kill();
        daemon.WaitForExit(Support.Limits.Patience);
    }

    public void Dispose()
    {
        try
        {
            Kill();
        }
        catch (Exception error) when (error is ArgumentException or FileNotFoundException)
        {
            // It is gone already, or never came.
        }

        Directory.Delete(_directory, recursive: true);
    }

    private int Pid() => int.Parse(File.ReadAllText(PidFile), CultureInfo.InvariantCulture);
}
