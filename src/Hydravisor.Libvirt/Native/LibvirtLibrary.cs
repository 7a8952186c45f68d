using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

[assembly: DisableRuntimeMarshalling]
[assembly: DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]

namespace Hydravisor.Libvirt.Native;

/// <summary>The library of the process: loaded, silenced, and its event loop running before the first connection opens.</summary>
internal static unsafe partial class LibvirtLibrary
{
    public const string Name = "libvirt.so.0";

    /// <summary>The guest agent command lives in a library of its own.</summary>
    public const string QemuName = "libvirt-qemu.so.0";

    private static readonly Lock Starting = new();
    private static bool _started;

    /// <summary>Starts once; later calls return at once. A failure is not remembered, so installing the library and trying
    /// again works.</summary>
    /// <exception cref="DllNotFoundException">libvirt is not installed.</exception>
    public static void EnsureStarted()
    {
        if (Volatile.Read(ref _started))
        {
            return;
        }

        lock (Starting)
        {
            if (_started)
            {
                return;
            }

            Require(Name);
            Require(QemuName);
            Checked.NotNegative(Initialize(), "virInitialize");
            // Without this libvirt prints every error to stderr besides reporting it.
            ErrorImports.SetErrorFunc(0, &Silence);
            EventLoop.Start();
            Volatile.Write(ref _started, true);
        }
    }

    /// <summary>Loads a native library, or says what to install.</summary>
    /// <exception cref="DllNotFoundException">There is no such library.</exception>
    internal static void Require(string library)
    {
        if (!NativeLibrary.TryLoad(library, out _))
        {
            throw new DllNotFoundException(
                $"The native library {library} was not found. Install libvirt (on Debian: apt-get install libvirt-daemon-system, "
                + "which brings the package libvirt0) and try again.");
        }
    }

    [LibraryImport(Name, EntryPoint = "virInitialize")]
    private static partial int Initialize();

    [UnmanagedCallersOnly]
    private static void Silence(nint userData, NativeError* error)
    {
    }
}
