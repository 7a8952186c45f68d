using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;

namespace Hydravisor.Actors.Access.Replay;

/// <summary>64-bit numbers in a file of fixed size, one behind the other; 0 is an empty place. Not thread-safe.</summary>
/// <remarks>The file is mapped: what was added is the kernel's at once, and so outlives a kill of the process, without a call for each.</remarks>
internal sealed unsafe class NonceLog : IDisposable
{
    private const int PlaceBytes = sizeof(ulong);
    private const int PieceBytes = 1024 * 1024;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;

    // Each write through the accessor would lock and unlock the view.
    private readonly ulong* _places;
    private long _taken;

    private NonceLog(string path, long places)
    {
        Places = places;
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.Open);
        _view = _file.CreateViewAccessor(0, places * PlaceBytes);
        byte* view = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref view);
        _places = (ulong*)(view + _view.PointerOffset);
    }

    /// <summary>How many numbers it takes.</summary>
    public long Places { get; }

    /// <summary>Whether it takes no more.</summary>
    public bool IsFull => _taken == Places;

    /// <summary>Makes an empty one. All of its bytes are written: a mapped file that the disk has no room for would end the process at a touch.</summary>
    /// <exception cref="IOException">There is no room for it.</exception>
    public static NonceLog Create(string path, long places)
    {
        var unfinished = path + ".new";
        using (var file = new FileStream(unfinished, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            var zeros = new byte[Math.Min(places * PlaceBytes, PieceBytes)];
            for (var left = places * PlaceBytes; left > 0; left -= zeros.Length)
            {
                file.Write(zeros);
            }
        }

        File.Move(unfinished, path, overwrite: true);
        return new NonceLog(path, places);
    }

    /// <summary>What is in a file, wherever it stands there.</summary>
    /// <exception cref="IOException">It cannot be read, or is none.</exception>
    public static IEnumerable<ulong> Read(string path)
    {
        using var file = File.OpenRead(path);
        if (file.Length == 0 || file.Length % PlaceBytes != 0)
        {
            throw new IOException($"{path} holds no nonces");
        }

        var piece = new byte[Math.Min(file.Length, PieceBytes)];
        for (int count; (count = file.ReadAtLeast(piece, piece.Length, throwOnEndOfStream: false)) > 0;)
        {
            for (var at = 0; at < count / PlaceBytes; at++)
            {
                if (MemoryMarshal.Cast<byte, ulong>(piece)[at] is not 0 and var number)
                {
                    yield return number;
                }
            }
        }
    }

    /// <summary>Adds a number.</summary>
    /// <param name="number">Not 0.</param>
    public void Add(ulong number) => Volatile.Write(ref _places[_taken++], number);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_view.SafeMemoryMappedViewHandle.IsClosed)
        {
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
        }

        _view.Dispose();
        _file.Dispose();
    }
}
