using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hydravisor.Libvirt.Tests.Support;

/// <summary>What native code writes to file descriptor 2, which Console.SetError does not see.</summary>
internal static partial class StandardError
{
    private const int Descriptor = 2;

    public static string Capture(Action action)
    {
        string file = Path.GetTempFileName();
        try
        {
            int kept = Dup(Descriptor);
            Assert.True(kept >= 0);
            try
            {
                using (SafeFileHandle target = File.OpenHandle(file, FileMode.Open, FileAccess.Write))
                {
                    Assert.Equal(Descriptor, DupTo(target, Descriptor));
                }

                action();
            }
            finally
            {
                Assert.Equal(Descriptor, DupTo(kept, Descriptor));
                Assert.Equal(0, Close(kept));
            }

            return File.ReadAllText(file);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [LibraryImport("libc", EntryPoint = "dup")]
    private static partial int Dup(int descriptor);

    [LibraryImport("libc", EntryPoint = "dup2")]
    private static partial int DupTo(int from, int to);

    [LibraryImport("libc", EntryPoint = "dup2")]
    private static partial int DupTo(SafeFileHandle from, int to);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
