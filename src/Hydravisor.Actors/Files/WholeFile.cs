namespace Hydravisor.Actors.Files;

/// <summary>A file that is there whole or not at all, also after a loss of power: written beside its place, and put there by <see cref="Complete"/>. For one thread.</summary>
/// <remarks>One that is not completed is removed when this is disposed of; what a killed writer left is overwritten by the next one.</remarks>
internal sealed class WholeFile : IDisposable
{
    /// <summary>Read and written by its owner only.</summary>
    public const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Written by its owner, and read by all.</summary>
    public const UnixFileMode Public = Private | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private readonly string _path;
    private bool _isComplete;

    /// <summary>Begins one.</summary>
    /// <param name="path">Its place, in a directory that is there.</param>
    /// <param name="mode">Who may read and write it, from its first byte on.</param>
    /// <param name="room">Bytes that it gets on the disk at once; 0: as it grows.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public WholeFile(string path, UnixFileMode mode = Private, long room = 0)
    {
        _path = Path.GetFullPath(path);

        // One that is there may have another mode. And without a buffer nothing is left to be written, and to fail, at the end.
        File.Delete(Half(_path));
        Stream = new FileStream(Half(_path), new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = mode, PreallocationSize = room, BufferSize = 0 });
    }

    /// <summary>What it shall hold.</summary>
    public FileStream Stream { get; }

    /// <summary>What is half made is called.</summary>
    public static string Half(string path) => path + ".new";

    /// <summary>Writes a whole one.</summary>
    /// <param name="path">Its place; a file that is there is replaced.</param>
    /// <param name="content">What it shall hold.</param>
    /// <param name="mode">Who may read and write it.</param>
    /// <exception cref="IOException">It cannot be written; what was there is there still.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written; as above.</exception>
    public static void Write(string path, ReadOnlySpan<byte> content, UnixFileMode mode = Private)
    {
        using var file = new WholeFile(path, mode);
        file.Stream.Write(content);
        file.Complete();
    }

    /// <summary>Puts it in its place, for good. Nothing can be written to it any more.</summary>
    /// <param name="overwrite">Whether it replaces a file that is there; where it does not, that is an error.</param>
    /// <exception cref="IOException">It cannot; what was there is there still.</exception>
    public void Complete(bool overwrite = true)
    {
        Stream.Flush(flushToDisk: true);
        Stream.Dispose();
        File.Move(Half(_path), _path, overwrite);
        _isComplete = true;
        NativeFile.FlushDirectory(Path.GetDirectoryName(_path)!);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Stream.Dispose();
        if (!_isComplete)
        {
            File.Delete(Half(_path));
        }
    }
}
