using System.Security.Cryptography;

namespace Hydravisor.Actors.Hypervisors.Disks;

/// <summary>A VM's disk as it comes from another node: beside its place, and whole or not there.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class DiskWriting : IAsyncDisposable
{
    private readonly ImportedDisk _place;
    private readonly Func<string, Outcome> _fit;
    private readonly FileStream _file;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _behind = new byte[DiskReading.TrailerBytes];
    private int _held;
    private long _length;

    private DiskWriting(ImportedDisk place, Func<string, Outcome> fit, FileStream file) => (_place, _fit, _file) = (place, fit, file);

    /// <summary>Begins; what was begun before is gone.</summary>
    /// <param name="place">Where it is put.</param>
    /// <param name="fit">Given the path of a disk that is whole: makes it fit this node. Blocks.</param>
    /// <exception cref="IOException">It cannot be written there.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written there.</exception>
    public static DiskWriting Begin(ImportedDisk place, Func<string, Outcome> fit)
    {
        place.Drop();
        Directory.CreateDirectory(place.Directory, ImportedDisk.OwnersOnly);
        return new DiskWriting(place, fit, new FileStream(place.Half, new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            Options = FileOptions.Asynchronous,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            BufferSize = 0,
        }));
    }

    /// <summary>Takes what came next. The last bytes are held back until it is known that they are the last.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <exception cref="IOException">They cannot be written.</exception>
    public async Task WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        var all = new byte[_held + bytes.Length];
        _behind.AsSpan(0, _held).CopyTo(all);
        bytes.Span.CopyTo(all.AsSpan(_held));
        _held = Math.Min(all.Length, _behind.Length);
        var certain = all.AsMemory(0, all.Length - _held);
        all.AsSpan(certain.Length).CopyTo(_behind);
        _hash.AppendData(certain.Span);
        _length += certain.Length;
        await _file.WriteAsync(certain).ConfigureAwait(false);
    }

    /// <summary>No more will come: it is whole, written through, and fits; or it is not there.</summary>
    public async Task<Outcome> FinishAsync()
    {
        var came = new byte[DiskReading.TrailerBytes];
        DiskReading.Trailer(_length, _hash, came);
        if (_held < _behind.Length || !came.AsSpan().SequenceEqual(_behind))
        {
            return Outcome.Failed($"the disk did not come whole: {_length} bytes did");
        }

        try
        {
            await _file.DisposeAsync().ConfigureAwait(false);
            if (_fit(_place.Half) is { IsDone: false } unfit)
            {
                return unfit;
            }

            _place.Complete();
            return Outcome.Done;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Outcome.Failed($"the disk cannot be kept: {e.Message}");
        }
    }

    /// <summary>Ends it; what is not whole is removed.</summary>
    public async ValueTask DisposeAsync()
    {
        await _file.DisposeAsync().ConfigureAwait(false);
        _hash.Dispose();
        if (!_place.IsWhole)
        {
            _place.Drop();
        }
    }
}
