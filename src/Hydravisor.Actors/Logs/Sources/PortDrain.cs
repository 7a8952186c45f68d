using Hydravisor.Actors.Feeds;

namespace Hydravisor.Actors.Logs.Sources;

/// <summary>
/// The flow control of a guest's log port: what the guest writes stands in a file, from where it is taken, and goes through a pipe too, where it is only read away, as it is
/// stored. So a guest that floods its port waits in its own write once the pipe is full, and the file is not turned over before it was read.
/// </summary>
/// <remarks>
/// A pipe, not a socket: QEMU drops what a guest is just writing when the peer of a socket goes (virtio_serial_close), so each kill of a node could cost a line. A pipe that
/// nobody reads only fills. Not thread-safe.
/// </remarks>
internal sealed class PortDrain : IDisposable
{
    /// <summary>What a pipe holds: how far a guest gets ahead of what is stored, and what the log daemon has under way.</summary>
    private const int PipeBytes = 64 * 1024;

    private readonly Fifo _pipe;
    private long _owedBytes;

    private PortDrain(Fifo pipe) => _pipe = pipe;

    /// <summary>Opens the pipe; null: it is not there.</summary>
    public static PortDrain? TryOpen(string path) => Fifo.TryOpen(path) is { } pipe ? new PortDrain(pipe) : null;

    /// <summary>Counts bytes of the file that were stored.</summary>
    public void Stored(long bytes) => _owedBytes += bytes;

    /// <summary>Reads away what was stored; where the file holds nothing more, whatever stands in the pipe: a node that was killed had stored it, or it comes to the file in a
    /// moment.</summary>
    /// <param name="scratch">Where to.</param>
    /// <param name="caughtUp">Whether all that the file held is stored.</param>
    /// <returns>Whether to look at the file and here again, at once.</returns>
    public bool Pump(byte[] scratch, bool caughtUp)
    {
        var left = caughtUp ? PipeBytes : _owedBytes;
        while (left > 0)
        {
            var count = _pipe.Read(scratch, (int)Math.Min(scratch.Length, left));
            if (count == 0)
            {
                // What was dropped by an earlier node is not owed to anybody.
                _owedBytes = 0;
                return false;
            }

            left -= count;
            _owedBytes = Math.Max(0, _owedBytes - count);
        }

        return caughtUp;
    }

    /// <inheritdoc/>
    public void Dispose() => _pipe.Dispose();
}
