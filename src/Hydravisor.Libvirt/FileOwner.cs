using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Hydravisor.Libvirt;

/// <summary>Gives a file to another user: what libvirt does for a domain whose files it labels, for domains that forbid it that
/// (<c>relabel='no'</c>). Safe for all threads.</summary>
public static partial class FileOwner
{
    /// <summary>Sets a file's owner and group (lchown(2): a link is not followed). Blocks for a moment.</summary>
    /// <param name="path">The file.</param>
    /// <param name="user">The user's number.</param>
    /// <param name="group">The group's number.</param>
    /// <exception cref="IOException">It cannot be given away: it is not there, or this process may not.</exception>
    public static void Set(string path, uint user, uint group)
    {
        if (ChangeOwner(path, user, group) != 0)
        {
            var why = new Win32Exception(Marshal.GetLastPInvokeError());
            throw new IOException($"{path} cannot be given to user {user}, group {group}: {why.Message}", why);
        }
    }

    [LibraryImport("libc", EntryPoint = "lchown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ChangeOwner(string path, uint user, uint group);
}
