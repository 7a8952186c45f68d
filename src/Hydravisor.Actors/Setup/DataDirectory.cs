using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Hydravisor.Actors.Audit.Bundles;
using Hydravisor.Actors.Files;

namespace Hydravisor.Actors.Setup;

/// <summary>A node's data directory, held by one process at a time. Disposing of it lets it go.</summary>
/// <remarks>
/// Layout: <c>journal.db</c> (journal and snapshots), <c>vms/ID/</c> (disk, console log of one VM), <c>run/</c> (sockets),
/// <c>logs/</c>, <c>node-name</c>, <c>node.pid</c>, <c>lock</c>, and <c>hydravisor.conf</c> where an operator puts one.
/// </remarks>
internal sealed partial class DataDirectory : IDisposable
{
    /// <summary>The name of the journal in it.</summary>
    public const string JournalName = BundleWriter.JournalName;

    private readonly FileStream? _lock;

    private DataDirectory(string path, string nodeName, FileStream? held)
    {
        Root = path;
        NodeName = nodeName;
        _lock = held;
    }

    /// <summary>Its path.</summary>
    public string Root { get; }

    /// <summary>The name of the node that it belongs to.</summary>
    public string NodeName { get; }

    /// <summary>The journal.</summary>
    public string Journal => Path.Combine(Root, JournalName);

    /// <summary>The VMs' own directories.</summary>
    public string Vms => Path.Combine(Root, "vms");

    /// <summary>Sockets.</summary>
    public string Run => Path.Combine(Root, "run");

    /// <summary>The node's own logs.</summary>
    public string Logs => Path.Combine(Root, "logs");

    /// <summary>Opens the directory, making what is missing.</summary>
    /// <param name="path">Where.</param>
    /// <param name="wantedName">The node's name, or empty.</param>
    /// <exception cref="SettingException">It cannot be made, another process holds it, or it is another node's.</exception>
    public static DataDirectory Open(string path, string wantedName)
    {
        try
        {
            // QEMU runs as another user and must be able to walk to its disks, and no further.
            MakeDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
            var held = Hold(path);
            try
            {
                MakeDirectory(Path.Combine(path, "vms"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
                const UnixFileMode Own = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
                MakeDirectory(Path.Combine(path, "run"), Own);
                MakeDirectory(Path.Combine(path, "logs"), Own);
                return new DataDirectory(path, ChooseName(path, wantedName), held);
            }
            catch
            {
                held.Dispose();
                throw;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SettingException($"the data directory {path} cannot be used: {e.Message}");
        }
    }

    /// <summary>Opens the directory of a node that was once there, for a verb that works in the node's place.</summary>
    /// <param name="path">Where.</param>
    /// <param name="onlyLook">Leaves nothing behind: where there is no lock yet, it makes none.</param>
    /// <exception cref="SettingException">It is not there, or a process holds it.</exception>
    public static DataDirectory OpenExisting(string path, bool onlyLook)
    {
        var named = Path.Combine(path, BundleWriter.NodeNameFile);
        if (!File.Exists(named))
        {
            throw new SettingException(Directory.Exists(path)
                ? $"{path} is no data directory of a node: it has no {BundleWriter.NodeNameFile}"
                : $"there is no directory {path}");
        }

        if (IsHeld(path))
        {
            throw new SettingException($"a node runs on {path}; stop it first (scripts/down)");
        }

        try
        {
            var held = onlyLook && !File.Exists(LockOf(path)) ? null : Hold(path);
            return new DataDirectory(path, File.ReadAllText(named).Trim(), held);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SettingException($"the data directory {path} cannot be used: {e.Message}");
        }
    }

    /// <summary>Whether a process holds the directory: a node runs on it, or is about to.</summary>
    /// <param name="path">The directory.</param>
    public static bool IsHeld(string path)
    {
        try
        {
            using var free = new FileStream(LockOf(path), FileMode.Open, FileAccess.Read, FileShare.Read);
            return false;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _lock?.Dispose();

    private static void MakeDirectory(string path, UnixFileMode mode)
    {
        if (!Directory.Exists(path))
        {
            Directory.CreateDirectory(path, mode);
        }
    }

    private static string LockOf(string path) => Path.Combine(path, "lock");

    private static FileStream Hold(string path)
    {
        try
        {
            // An advisory lock of the operating system: it ends with the process, however that ends.
            return new FileStream(LockOf(path), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            throw new SettingException(
                $"another node runs on {path}; two would write one journal. Stop it (scripts/down), or set HYDRAVISOR_DATA to another directory.");
        }
    }

    private static string ChooseName(string path, string wanted)
    {
        if (wanted.Length > 0 && !NodeNamePattern().IsMatch(wanted))
        {
            throw new SettingException($"hydravisor.node.name = \"{wanted}\" is not usable: 1 to 40 of a-z, 0-9 and -, beginning with a letter or digit");
        }

        var file = Path.Combine(path, BundleWriter.NodeNameFile);
        if (File.Exists(file) && File.ReadAllText(file).Trim() is { Length: > 0 } kept)
        {
            return wanted.Length == 0 || wanted == kept
                ? kept
                : throw new SettingException($"{path} belongs to the node '{kept}', and hydravisor.node.name says '{wanted}'. The name stands in the journal and cannot change.");
        }

        var name = wanted.Length > 0 ? wanted : DefaultName();
        WholeFile.Write(file, Encoding.ASCII.GetBytes(name + "\n"), WholeFile.Public);
        return name;
    }

    private static string DefaultName()
    {
        var host = Unusable().Replace(Environment.MachineName.ToLowerInvariant(), "-").Trim('-');
        return $"{(host.Length == 0 ? "node" : host[..Math.Min(host.Length, 30)])}-{RandomNumberGenerator.GetHexString(4, lowercase: true)}";
    }

    [GeneratedRegex("^[a-z0-9][a-z0-9-]{0,39}$")]
    private static partial Regex NodeNamePattern();

    [GeneratedRegex("[^a-z0-9]+")]
    private static partial Regex Unusable();
}
