using System.Diagnostics;
using System.Runtime.CompilerServices;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Images;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Tests.Hypervisors.Libvirt;

/// <summary>The guest images that tests boot: those of this machine, or built from their recipe where there are none.</summary>
internal static class GuestImages
{
    private static readonly Lazy<string> Directory = new(() =>
    {
        var directory = Environment.GetEnvironmentVariable("HYDRAVISOR_IMAGES") is { Length: > 0 } set ? set : "/var/lib/hydravisor/images";
        if (!File.Exists(Path.Combine(directory, "tiny", "vmlinuz")))
        {
            Build(Path.Combine(directory, "tiny"));
        }

        return directory;
    });

    public static ImageEntry Tiny => new()
    {
        Name = "tiny",
        Boot = ImageBoot.Kernel,
        Architecture = "x86_64",
        KernelPath = Path.Combine(Directory.Value, "tiny", "vmlinuz"),
        InitrdPath = Path.Combine(Directory.Value, "tiny", "initrd.img"),
        Cmdline = "console=ttyS0 quiet loglevel=3 nokaslr no_timer_check tsc=reliable mitigations=off cryptomgr.notests lsm= i8042.noaux",
        MinRam = ByteSize.Parse("80MB"),
        Ready = new ReadySignal("^hydravisor: ready ", Agent: false),
        IsBuilt = true,
    };

    public static ImageEntry Debian
    {
        get
        {
            var directory = Path.Combine(Directory.Value, "debian-12");
            if (!File.Exists(Path.Combine(directory, "disk.qcow2")))
            {
                Build(directory);
            }

            return new ImageEntry
            {
                Name = "debian-12",
                Boot = ImageBoot.Disk,
                Architecture = "x86_64",
                DiskPath = Path.Combine(directory, "disk.qcow2"),
                MinRam = ByteSize.Parse("256MB"),
                Ready = new ReadySignal(null, Agent: true),
                Agent = true,
                CloudInit = true,
                IsBuilt = true,
            };
        }
    }

    public static ImageEntry? Find(ImageRef made) => made.Name switch
    {
        "tiny" => Tiny,
        "debian-12" => Debian,
        _ => null,
    };

    // The recipe has the name of the folder that it builds into.
    private static void Build(string into, [CallerFilePath] string here = "")
    {
        var root = new DirectoryInfo(here);
        while (!File.Exists(Path.Combine(root!.FullName, "Hydravisor.sln")))
        {
            root = root.Parent;
        }

        using var build = Process.Start("bash", [Path.Combine(root.FullName, "images", Path.GetFileName(into), "build.sh"), into]);
        build.WaitForExit();
        Assert.Equal(0, build.ExitCode);
    }
}
