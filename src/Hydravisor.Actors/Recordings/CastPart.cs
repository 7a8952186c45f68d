using Hydravisor.Actors.Files;
using Microsoft.Win32.SafeHandles;

namespace Hydravisor.Actors.Recordings;

/// <summary>Where a part ends: behind its last whole checkpoint.</summary>
/// <param name="Length">Bytes up to there.</param>
/// <param name="Micros">Its time, in microseconds since the part began.</param>
/// <param name="Checkpoint">What it says.</param>
internal sealed record CastEnd(long Length, long Micros, CastCheckpoint Checkpoint);

/// <summary>One file of a recording, open to be written. Not safe for several threads.</summary>
internal sealed class CastPart : IDisposable
{
    private const int LookBytes = 256 * 1024;

    private readonly IRecordingDisk _disk;
    private readonly FileStream _file;

    private CastPart(IRecordingDisk disk, FileStream file, CastHeader header, long length) =>
        (_disk, _file, Header, Length) = (disk, file, header, length);

    /// <summary>Its first line.</summary>
    public CastHeader Header { get; }

    /// <summary>Its length in bytes.</summary>
    public long Length { get; private set; }

    /// <summary>Makes a part. Its lines begin with the header and end with a checkpoint; a part without them is as if it never was.</summary>
    /// <exception cref="IOException">It cannot be written; what was half made is removed again.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public static CastPart Create(IRecordingDisk disk, string path, CastHeader header, ReadOnlySpan<byte> lines)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.ReadWrite | FileShare.Delete,
            UnixCreateMode = WholeFile.Private,
            BufferSize = 0,
        };
        var file = new FileStream(path, options);
        try
        {
            disk.Write(file.SafeFileHandle, lines, 0, durable: true);
            return new CastPart(disk, file, header, lines.Length);
        }
        catch
        {
            file.Dispose();
            File.Delete(path);
            throw;
        }
    }

    /// <summary>Opens a part to go on with it: what stands behind its last whole checkpoint is cut off.</summary>
    /// <returns>Null: it has no header or no checkpoint, so that nothing of it ever counted.</returns>
    /// <exception cref="IOException">It cannot be read or cut.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be.</exception>
    public static (CastPart Part, CastEnd End)? Open(IRecordingDisk disk, string path)
    {
        var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        try
        {
            if (HeaderOf(file.SafeFileHandle) is { } header && EndOf(file.SafeFileHandle) is { } end)
            {
                RandomAccess.SetLength(file.SafeFileHandle, end.Length);
                return (new CastPart(disk, file, header, end.Length), end);
            }
        }
        catch
        {
            file.Dispose();
            throw;
        }

        file.Dispose();
        return null;
    }

    /// <summary>Appends lines, of which the last is a checkpoint, by one write.</summary>
    /// <exception cref="IOException">They were not appended, or not wholly: close the part and open it again.</exception>
    public void Append(ReadOnlySpan<byte> lines, bool durable)
    {
        _disk.Write(_file.SafeFileHandle, lines, Length, durable);
        Length += lines.Length;
    }

    /// <summary>Cuts off what a failed append may have left, so that players find whole lines, as far as that can be done.</summary>
    public void CutBack()
    {
        try
        {
            RandomAccess.SetLength(_file.SafeFileHandle, Length);
        }
        catch (IOException)
        {
            // Opening it again cuts it, and readers leave out what is torn.
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    /// <summary>The header of a file. Null: it has none of ours.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static CastHeader? HeaderOf(SafeFileHandle file)
    {
        var first = Read(file, 0, LookBytes);
        var end = first.AsSpan().IndexOf((byte)'\n');
        return end < 0 ? null : CastHeader.Read(first.AsSpan(0, end));
    }

    /// <summary>The last whole checkpoint of a file. Null: it has none.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static CastEnd? EndOf(SafeFileHandle file)
    {
        var length = RandomAccess.GetLength(file);
        for (var look = Math.Min(length, LookBytes); ; look = Math.Min(length, look * 2))
        {
            if (LastCheckpoint(Read(file, length - look, (int)look), length - look) is { } found)
            {
                return found;
            }

            if (look == length)
            {
                return null;
            }
        }
    }

    private static CastEnd? LastCheckpoint(ReadOnlySpan<byte> bytes, long offset)
    {
        var end = bytes.LastIndexOf((byte)'\n') + 1;
        while (end > 0)
        {
            var begin = bytes[..(end - 1)].LastIndexOf((byte)'\n') + 1;
            if (CastLine.TryRead(bytes[begin..(end - 1)], out var line)
                && line.Code == CastCode.Checkpoint
                && CastCheckpoint.Parse(line.Text) is { } checkpoint)
            {
                return new CastEnd(offset + end, line.Micros, checkpoint);
            }

            end = begin;
        }

        return null;
    }

    private static byte[] Read(SafeFileHandle file, long offset, int count)
    {
        var bytes = new byte[(int)Math.Min(count, RandomAccess.GetLength(file) - offset)];
        var done = 0;
        while (done < bytes.Length && RandomAccess.Read(file, bytes.AsSpan(done), offset + done) is > 0 and var read)
        {
            done += read;
        }

        return done == bytes.Length ? bytes : bytes[..done];
    }
}
