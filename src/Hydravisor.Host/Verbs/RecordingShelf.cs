using Hydravisor.Actors.Recordings;
using Hydravisor.Client;
using Hydravisor.Protocol;

namespace Hydravisor.Host.Verbs;

/// <summary>A part of a recording, for a person.</summary>
/// <param name="Number">Which.</param>
/// <param name="Started">When it began.</param>
/// <param name="Bytes">How large it is.</param>
/// <param name="File">Where it lies; null: on another machine.</param>
internal sealed record ShelvedPart(int Number, DateTimeOffset Started, long Bytes, string? File);

/// <summary>A recording, for a person. What the numbers mean: <see cref="ArchivedRecording"/>.</summary>
internal sealed record ShelvedRecording(
    string InstanceId, string Name, string Node, DateTimeOffset Started, TimeSpan Duration, long OutputBytes, long Inputs, long Gaps, IReadOnlyList<ShelvedPart> Parts)
{
    /// <summary>Bytes on the disk.</summary>
    public long Bytes => Parts.Sum(part => part.Bytes);

    /// <summary>The parts that were removed.</summary>
    public IReadOnlyList<int> Removed => ArchivedRecording.Missing([.. Parts.Select(part => part.Number)]);
}

/// <summary>Where recordings are read from.</summary>
internal interface IRecordingShelf
{
    /// <summary>All recordings, or those of one VM, by its id or name.</summary>
    Task<IReadOnlyList<ShelvedRecording>> ListAsync(string? vm, CancellationToken stop);

    /// <summary>Hands on the lines of one asciicast file, one after another.</summary>
    /// <param name="vm">The VM's id or name.</param>
    /// <param name="part">Only this part; null: all.</param>
    /// <param name="withInput">Whether what was typed, and by whom, is in it.</param>
    /// <param name="take">Gets them; the next one comes when it is done.</param>
    /// <param name="stop">Ends it.</param>
    /// <exception cref="VerbFailure">There is no such recording, or several, or no such part.</exception>
    Task ExportAsync(string vm, int? part, bool withInput, Func<string, Task> take, CancellationToken stop);
}

/// <summary>The recordings in a node's data directory. No node is needed.</summary>
internal sealed class DirectoryShelf(RecordingArchive archive) : IRecordingShelf
{
    /// <inheritdoc/>
    public Task<IReadOnlyList<ShelvedRecording>> ListAsync(string? vm, CancellationToken stop) =>
        Task.FromResult<IReadOnlyList<ShelvedRecording>>([.. (vm is null ? archive.List() : archive.Find(vm)).Select(Shelved)]);

    /// <inheritdoc/>
    public async Task ExportAsync(string vm, int? part, bool withInput, Func<string, Task> take, CancellationToken stop)
    {
        foreach (var line in RecordingReader.Export(Chosen(vm, part), withInput))
        {
            stop.ThrowIfCancellationRequested();
            await take(line);
        }
    }

    private static ShelvedRecording Shelved(ArchivedRecording each) => new(
        each.InstanceId, each.Title, each.Node, each.Started, each.Duration, each.OutputBytes, each.Inputs, each.Gaps,
        [.. each.Parts.Select(part => new ShelvedPart(part.Number, part.Header.Hydravisor!.PartStarted, part.End.Length, part.Path))]);

    private IReadOnlyList<ArchivedPart> Chosen(string vm, int? number)
    {
        var recording = archive.Find(vm) switch
        {
            [var one] => one,
            [] => throw new VerbFailure($"There is no recording of {TerminalText.Of(vm)}. To see what there is: hydravisor recording list"),
            var several => throw new VerbFailure(
                $"Several VMs were called {TerminalText.Of(vm)}; say which: {string.Join(", ", several.Select(each => each.InstanceId))}", ExitCode.Usage),
        };
        return number is null ? recording.Parts
            : recording.Parts.FirstOrDefault(each => each.Number == number) is { } part ? [part]
            : throw new VerbFailure(RecordingReader.NoSuchPart(recording, number.Value));
    }
}

/// <summary>The recordings that nodes have, through any node of them.</summary>
/// <param name="client">The connection.</param>
/// <param name="node">Only those of this node; null: those of each VM's own, and in the list of one VM those of all nodes.</param>
/// <param name="environment">Where it is told what cannot be listed.</param>
internal sealed class NodeShelf(HydravisorClient client, string? node, VerbEnvironment environment) : IRecordingShelf
{
    /// <inheritdoc/>
    public async Task<IReadOnlyList<ShelvedRecording>> ListAsync(string? vm, CancellationToken stop)
    {
        if (vm is null)
        {
            var recorded = (await client.ListAsync(cancellation: stop)).Where(state => state.RecordSession == true);
            return (await ReadAsync(recorded.Select(state => (state.InstanceId, node)), stop)).Found;
        }

        // Each node that had it may have recorded it: those that have not are not worth a word, where another one has.
        var id = await VmTarget.ResolveAsync(client, vm, stop);
        var (found, notThere) = await ReadAsync((await NodesAsync(stop)).Select(name => (id, name)), stop);
        return found.Count > 0 || notThere is null ? found : throw notThere;
    }

    private async Task<(IReadOnlyList<ShelvedRecording> Found, HydravisorException? NotThere)> ReadAsync(IEnumerable<(string Id, string? Node)> wanted, CancellationToken stop)
    {
        var found = new List<ShelvedRecording>();
        HydravisorException? notThere = null;
        foreach (var (id, there) in wanted)
        {
            try
            {
                found.Add(Shelved(await client.QueryRecordingAsync(new RecordingQuery { InstanceId = id, Node = there, Limit = 1 }, stop)));
            }
            catch (HydravisorException refused) when (refused.Code == ErrorCode.NotFound)
            {
                notThere = refused;
            }
            catch (HydravisorException refused) when (refused.Code == ErrorCode.Unavailable)
            {
                // The others are there for all that.
                await environment.Error.WriteLineAsync($"hydravisor: {TerminalText.Of(refused.Message)}");
            }
        }

        return (found, notThere);
    }

    // Who may not see the nodes sees what the VM's own has.
    private async Task<IReadOnlyList<string?>> NodesAsync(CancellationToken stop)
    {
        try
        {
            return node is null ? [.. (await client.ListNodesAsync(stop)).Select(each => each.Name)] : [node];
        }
        catch (HydravisorException refused) when (refused.Code == ErrorCode.Forbidden)
        {
            return [null];
        }
    }

    /// <inheritdoc/>
    public async Task ExportAsync(string vm, int? part, bool withInput, Func<string, Task> take, CancellationToken stop)
    {
        var query = new RecordingQuery { InstanceId = await VmTarget.ResolveAsync(client, vm, stop), Node = node, Part = part, Input = withInput };
        var page = await client.QueryRecordingAsync(query, stop);
        await take(page.Header.GetRawText());
        while (true)
        {
            foreach (var line in page.Events.Lines())
            {
                await take(line);
            }

            if (!page.More)
            {
                return;
            }

            // A VM that is moved meanwhile is recorded by another node: what was begun is that of the first.
            page = await client.QueryRecordingAsync(query with { Node = page.Node, From = page.Next }, stop);
        }
    }

    private static ShelvedRecording Shelved(RecordingReply reply) => new(
        reply.InstanceId, reply.Name, reply.Node, reply.Started, TimeSpan.FromSeconds((double)reply.DurationS), reply.OutputBytes, reply.Inputs, reply.Gaps,
        [.. reply.Parts.Select(part => new ShelvedPart((int)part.Part, part.Started, part.Bytes, File: null))]);
}
