using System.Security.Cryptography;
using Hydravisor.Actors.Files;

namespace Hydravisor.Actors.Access.Agents;

/// <summary>
/// <c>agents.json</c> in a data directory: all agents, with their keys. Whoever is killed while writing leaves the file as it was
/// or as it was to be. Safe for all threads and processes.
/// </summary>
/// <param name="directory">The data directory.</param>
/// <param name="time">The clock by which the lock is waited for.</param>
internal sealed class AgentFile(string directory, TimeProvider time) : IAgentStore
{
    /// <summary>Its name.</summary>
    public const string Name = "agents.json";

    private const UnixFileMode Private = WholeFile.Private;
    private const long BytesMax = 64 << 20;
    private static readonly TimeSpan LockRetry = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LockPatience = TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    public TimeSpan LookEvery { get; } = TimeSpan.FromSeconds(10);

    /// <summary>The directory that it is in.</summary>
    public string Directory { get; } = System.IO.Path.GetFullPath(directory);

    /// <summary>Its path.</summary>
    public string Path => System.IO.Path.Combine(Directory, Name);

    private string Half => WholeFile.Half(Path);

    private string LockFile => System.IO.Path.Combine(Directory, "agents.lock");

    /// <summary>Reads all agents. There are none where there is no file.</summary>
    /// <exception cref="AgentException">Others may read the file, it cannot be read, it is damaged, or of another schema.</exception>
    public AgentBook Read() => Parse(ReadBytes());

    /// <inheritdoc/>
    public Task<AgentReading?> ReadSinceAsync(string? stamp, CancellationToken cancellation = default)
    {
        var bytes = ReadBytes();
        var now = StampOf(bytes);
        return Task.FromResult(now == stamp ? null : new AgentReading(now, Parse(bytes)));
    }

    /// <inheritdoc/>
    public IDisposable? Listen(Action rings)
    {
        try
        {
            // Names only: the journal beside it is written to all the time, and the file is always replaced.
            var watcher = new FileSystemWatcher(Directory, Name) { NotifyFilter = NotifyFilters.FileName };
            watcher.Created += (_, _) => rings();
            watcher.Deleted += (_, _) => rings();
            watcher.Renamed += (_, _) => rings();
            watcher.Error += (_, _) => rings();
            watcher.EnableRaisingEvents = true;
            return watcher;
        }
        catch (Exception e) when (e is IOException or ArgumentException)
        {
            throw new AgentException($"{Path} cannot be watched, and is looked at every {LookEvery.TotalSeconds} s only: {e.Message}");
        }
    }

    /// <inheritdoc/>
    public async Task<AgentBook> ChangeAsync(Func<AgentBook, AgentBook> change, CancellationToken cancellation = default)
    {
        try
        {
            MakeDirectory();
            using var alone = await LockAsync(cancellation).ConfigureAwait(false);
            File.Delete(Half);
            var before = Read();
            var after = change(before);
            if (!ReferenceEquals(before, after))
            {
                Write(AgentDocument.Write(after));
            }

            return after;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AgentException($"{Path} cannot be changed: {e.Message}");
        }
    }

    private AgentBook Parse(byte[]? bytes)
    {
        try
        {
            return bytes is null ? AgentBook.Empty : AgentDocument.Read(bytes);
        }
        catch (AgentException e)
        {
            throw new AgentException($"{Path} {e.Message}");
        }
    }

    private byte[]? ReadBytes()
    {
        try
        {
            using var file = new FileStream(Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var mode = File.GetUnixFileMode(file.SafeFileHandle);
            if ((mode & ~Private) != 0)
            {
                throw new AgentException(
                    $"{Path} has the mode 0{Convert.ToString((int)mode, 8)} and holds keys: nobody but its owner may read it. "
                    + "Set it right with chmod 600, and rotate the keys if others may have read them");
            }

            if (file.Length > BytesMax)
            {
                throw new AgentException($"{Path} has {file.Length} bytes: it may have {BytesMax}");
            }

            using var bytes = new MemoryStream();
            file.CopyTo(bytes);
            return bytes.ToArray();
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AgentException($"{Path} cannot be read: {e.Message}");
        }
    }

    // No file is another thing than an empty one.
    private static string StampOf(byte[]? bytes) => bytes is null ? "" : Convert.ToHexStringLower(SHA256.HashData(bytes));

    // As a node makes it at its first start: QEMU's user may walk through it.
    private void MakeDirectory()
    {
        if (!System.IO.Directory.Exists(Directory))
        {
            System.IO.Directory.CreateDirectory(Directory, Private | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        }
    }

    private void Write(byte[] content)
    {
        using var file = new WholeFile(Path);
        NativeFile.GiveToOwnerOf(Directory, Half);
        file.Stream.Write(content);
        file.Complete();
    }

    // The system lets go of the lock when its holder dies. The file stays: who removed it would part those who wait for it.
    private async Task<FileStream> LockAsync(CancellationToken cancellation)
    {
        var began = time.GetTimestamp();
        var options = new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
            UnixCreateMode = Private,
        };
        while (true)
        {
            FileStream held;
            try
            {
                held = new FileStream(LockFile, options);
            }
            catch (IOException) when (File.Exists(LockFile) && time.GetElapsedTime(began) < LockPatience)
            {
                await Task.Delay(LockRetry, time, cancellation).ConfigureAwait(false);
                continue;
            }

            try
            {
                NativeFile.GiveToOwnerOf(Directory, LockFile);
                return held;
            }
            catch
            {
                await held.DisposeAsync().ConfigureAwait(false);
                throw;
            }
        }
    }
}
