using System.IO.MemoryMappedFiles;
using System.Runtime.Intrinsics.X86;

namespace Hydravisor.Actors.Access.Replay;

/// <summary>A set of 64-bit numbers in a file of fixed size: open addressing, 0 is an empty place. Not thread-safe.</summary>
/// <remarks>The file is mapped: what was added is the kernel's at once, and so outlives a kill of the process, without a call for each.</remarks>
internal sealed unsafe class NonceTable : IDisposable
{
    private const int SlotBytes = sizeof(ulong);
    private readonly string _path;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _slots;
    private readonly long _mask;

    // Each read through the accessor would lock and unlock the view, and a message reads a dozen of places.
    private readonly ulong* _places;

    private NonceTable(string path, long slots)
    {
        _path = path;
        Slots = slots;
        _mask = slots - 1;
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.Open);
        _slots = _file.CreateViewAccessor(0, slots * SlotBytes);
        byte* view = null;
        _slots.SafeMemoryMappedViewHandle.AcquirePointer(ref view);
        _places = (ulong*)(view + _slots.PointerOffset);
    }

    /// <summary>Its places, a power of two.</summary>
    public long Slots { get; }

    /// <summary>How many are taken.</summary>
    public long Count { get; private set; }

    /// <summary>Whether looking something up would take too long with more in it.</summary>
    public bool IsFull => Count >= Slots / 4 * 3;

    /// <summary>Makes an empty one. All of its bytes are written: a mapped file that the disk has no room for would end the process at a touch.</summary>
    /// <exception cref="IOException">There is no room for it.</exception>
    public static NonceTable Create(string path, long slots)
    {
        var unfinished = path + ".new";
        using (var file = new FileStream(unfinished, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            var zeros = new byte[Math.Min(slots * SlotBytes, 1024 * 1024)];
            for (var left = slots * SlotBytes; left > 0; left -= zeros.Length)
            {
                file.Write(zeros);
            }
        }

        File.Move(unfinished, path, overwrite: true);
        return new NonceTable(path, slots);
    }

    /// <summary>Opens one that was made before.</summary>
    /// <exception cref="IOException">It cannot be read, or is none.</exception>
    public static NonceTable Open(string path)
    {
        var slots = new FileInfo(path).Length / SlotBytes;
        if (slots == 0 || !long.IsPow2(slots) || new FileInfo(path).Length % SlotBytes != 0)
        {
            throw new IOException($"{path} is no table of nonces");
        }

        var table = new NonceTable(path, slots);
        for (var slot = 0L; slot < slots; slot++)
        {
            table.Count += table._places[slot] == 0 ? 0 : 1;
        }

        return table;
    }

    /// <summary>Has the processor fetch the place of a number, and does not wait for it. Safe for all threads, and also when the table was removed.</summary>
    public void Prefetch(ulong number)
    {
        // Of an address that is mapped no more nothing is fetched, and nothing else happens.
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(_places + (number & (ulong)_mask));
        }
    }

    /// <summary>Whether a number is in it.</summary>
    /// <param name="number">Not 0.</param>
    public bool Contains(ulong number) => Find(number, out _);

    /// <summary>Adds a number that is not in it.</summary>
    /// <param name="number">Not 0.</param>
    public void Add(ulong number)
    {
        if (!Find(number, out var place))
        {
            Volatile.Write(ref _places[place], number);
            Count++;
        }
    }

    /// <summary>Adds all of its numbers to another one.</summary>
    public void CopyTo(NonceTable other)
    {
        for (var slot = 0L; slot < Slots; slot++)
        {
            if (_places[slot] is not 0 and var number)
            {
                other.Add(number);
            }
        }
    }

    /// <summary>Lets it go, and removes its file.</summary>
    public void Remove()
    {
        Dispose();
        File.Delete(_path);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_slots.SafeMemoryMappedViewHandle.IsClosed)
        {
            _slots.SafeMemoryMappedViewHandle.ReleasePointer();
        }

        _slots.Dispose();
        _file.Dispose();
    }

    // At least a quarter of the places is empty.
    private bool Find(ulong number, out long place)
    {
        for (place = (long)(number & (ulong)_mask); ; place = (place + 1) & _mask)
        {
            var there = _places[place];
            if (there == number || there == 0)
            {
                return there == number;
            }
        }
    }
}
