using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hypervisors.Disks;

/// <summary>The disks of a node's VMs as they go to other nodes and come from them. Safe for all threads; blocks none of its callers.</summary>
/// <param name="vmsDirectory">Where the VMs' directories are.</param>
/// <param name="diskOf">The path of a VM's disk, whether or not it has one.</param>
/// <param name="look">Looks at a domain.</param>
internal sealed class NodeDisks(string vmsDirectory, Func<InstanceId, string> diskOf, Func<InstanceId, Task<Outcome<Sighting>>> look)
{
    /// <summary>Opens the disk of a domain that is off.</summary>
    /// <param name="id">The instance.</param>
    public async Task<Outcome<DiskReading>> ExportAsync(InstanceId id)
    {
        if (await IsOffAsync(id).ConfigureAwait(false) is { IsDone: false } runs)
        {
            return new Outcome<DiskReading>(runs, null);
        }

        var path = diskOf(id);
        try
        {
            var options = new FileStreamOptions { Options = FileOptions.Asynchronous | FileOptions.SequentialScan, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0 };
            var written = File.GetLastWriteTimeUtc(path);
            var disk = File.Exists(path) ? new FileStream(path, options) : Stream.Null;
            return Outcome<DiskReading>.Done(new DiskReading(disk, async () => File.GetLastWriteTimeUtc(path) == written
                ? await IsOffAsync(id).ConfigureAwait(false)
                : Outcome.Failed($"the disk of {id} was written to while it was read")));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Outcome<DiskReading>.Failed($"the disk of {id} cannot be read: {e.Message}");
        }
    }

    /// <summary>Begins to take the disk of a VM that comes from another node.</summary>
    /// <param name="id">The instance.</param>
    /// <param name="fit">Given the path of a disk that is whole: makes it fit this node. Blocks.</param>
    public Task<Outcome<DiskWriting>> ImportAsync(InstanceId id, Func<string, Outcome> fit) => OnAThread($"the disk of {id} cannot be taken", () =>
        Outcome<DiskWriting>.Done(DiskWriting.Begin(ImportedDisk.Of(vmsDirectory, id), fit)));

    /// <summary>The VMs with disks that came from other nodes and are not in their places, and whether they are whole.</summary>
    public Task<Outcome<IReadOnlyDictionary<InstanceId, bool>>> ImportsAsync() => OnAThread("the disks that came from other nodes cannot be listed", () =>
        Outcome<IReadOnlyDictionary<InstanceId, bool>>.Done(ImportedDisk.All(vmsDirectory)));

    /// <summary>Whether what lies aside is the note of a domain that comes as it runs.</summary>
    /// <param name="id">The instance.</param>
    public bool IsLanding(InstanceId id) => ImportedDisk.Of(vmsDirectory, id).IsLanding;

    /// <summary>Notes that a domain comes as it runs. Blocks.</summary>
    /// <param name="id">The instance.</param>
    /// <exception cref="IOException">It cannot be noted.</exception>
    public void Expect(InstanceId id) => ImportedDisk.Of(vmsDirectory, id).Expect();

    /// <summary>Removes such a disk.</summary>
    /// <param name="id">The instance.</param>
    public async Task<Outcome> DropAsync(InstanceId id) => (await OnAThread($"what came of the disk of {id} cannot be removed", () =>
    {
        ImportedDisk.Of(vmsDirectory, id).Drop();
        return Outcome<bool>.Done(true);
    }).ConfigureAwait(false)).Result;

    private async Task<Outcome> IsOffAsync(InstanceId id)
    {
        var seen = await look(id).ConfigureAwait(false);
        return !seen.IsDone ? seen.Result
            : seen.Value!.Power == Power.Off ? Outcome.Done
            : Outcome.Failed($"the disk of {id} is not to be read: the domain is {seen.Value.Power}");
    }

    private static Task<Outcome<T>> OnAThread<T>(string cannot, Func<Outcome<T>> work) => Task.Run(() =>
    {
        try
        {
            return work();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Outcome<T>.Failed($"{cannot}: {e.Message}");
        }
    });
}
