using System.Globalization;
using Hydravisor.Actors.Files;

namespace Hydravisor.Actors.Audit.Ledger;

/// <summary>Room on the disk that is kept for the last records, by a file that has it. Blocks, for a moment; one call at a time.</summary>
/// <remarks>
/// Guests' disks grow until the file system is full, and whoever fills it does not ask. The file is removed when there is less room
/// than it has: from then on nothing may be changed, and what must still be written down (what became of VMs, who was denied) has the room.
/// </remarks>
/// <param name="directory">The node's data directory.</param>
/// <param name="bytes">How much; 0: none is kept, and the disk is not looked at.</param>
internal sealed class DiskReserve(string directory, long bytes)
{
    /// <summary>The file's name.</summary>
    public const string Name = "reserve";

    private readonly string _file = Path.Combine(directory, Name);

    /// <summary>Looks at the disk; keeps or gives the room.</summary>
    /// <returns>Why nothing may be changed now; null: it may.</returns>
    public string? Look()
    {
        if (bytes == 0)
        {
            return null;
        }

        try
        {
            var free = new DriveInfo(directory).AvailableFreeSpace;
            if (File.Exists(_file))
            {
                if (free >= bytes)
                {
                    return null;
                }

                File.Delete(_file);
                return Full(free);
            }

            if (free < 2 * bytes)
            {
                return Full(free);
            }

            Keep();
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"room for the last records cannot be kept in {directory}: {e.Message}";
        }
    }

    private void Keep()
    {
        // Under another name until it has all of its room: a file that is there is one that can be given.
        using var file = new WholeFile(_file, room: bytes);

        // The blocks are there; the length only shows a person what they are.
        file.Stream.SetLength(bytes);
        file.Complete();
    }

    private string Full(long free) => string.Create(
        CultureInfo.InvariantCulture,
        $"the disk of {directory} has {Math.Max(0, free) / 1048576.0:0.0} MiB left, which is kept for the last records of the journal: make room, so that {2 * bytes / 1048576.0:0.0} MiB are free");
}
