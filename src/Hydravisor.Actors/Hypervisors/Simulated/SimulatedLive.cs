using System.Collections.Concurrent;
using System.Text.Json;
using Hydravisor.Actors.Hypervisors.Live;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hypervisors.Simulated;

/// <summary>Simulated domains that go to other nodes and come from them while they run: what stands in a domain's file is its memory. Safe for all threads.</summary>
/// <param name="change">Does something to one domain, alone of all.</param>
/// <param name="diskOf">The path of a domain's disk.</param>
internal sealed class SimulatedLive(Func<InstanceId, Func<SimulatedDomains, DateTimeOffset, Outcome>, Task<Outcome>> change, Func<InstanceId, string> diskOf)
{
    private const string Kind = "simulated";
    private const int PieceBytes = 64 * 1024;

    private static readonly byte[] Arrived = [1];

    private readonly ConcurrentDictionary<InstanceId, string> _expected = new();

    /// <summary>From now on a domain is expected.</summary>
    public Landing Expect(DomainPlan plan)
    {
        _expected[plan.Id] = plan.Node;
        return new Landing(Kind, "", "");
    }

    /// <summary>It is not expected any more.</summary>
    public void Forget(InstanceId id) => _expected.TryRemove(id, out _);

    /// <inheritdoc cref="IHypervisor.ReceiveAsync"/>
    public Outcome<LiveLink> Receive(InstanceId id, LiveChannel channel)
    {
        if (!_expected.TryGetValue(id, out var node))
        {
            return Outcome<LiveLink>.Failed($"{id} is not expected here");
        }

        if (channel == LiveChannel.Control)
        {
            return Outcome<LiveLink>.Failed("nobody listens there");
        }

        var (ours, theirs) = PipeLink.Pair();
        _ = TakeAsync(ours, () => channel == LiveChannel.Disks ? TakeDiskAsync(id, ours) : TakeMemoryAsync(id, node, ours));
        return Outcome<LiveLink>.Done(theirs);
    }

    /// <inheritdoc cref="IHypervisor.SendAsync"/>
    public async Task<Outcome> SendAsync(InstanceId id, Landing landing, SimulatedDomain? domain, Func<LiveChannel, Task<Outcome<LiveLink>>> connect)
    {
        if (landing.Kind != Kind)
        {
            return Outcome.Failed("the other node's hypervisor is of another kind");
        }

        if (domain is not { IsActive: true })
        {
            return Outcome.Failed($"the domain {DomainPlan.DomainName(id)} does not run");
        }

        var disk = await SayAsync(connect, LiveChannel.Disks, async link =>
        {
            using var file = new FileStream(diskOf(id), FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            var piece = new byte[PieceBytes];
            while (await file.ReadAsync(piece).ConfigureAwait(false) is var read && read > 0)
            {
                await link.WriteAsync(piece.AsMemory(0, read)).ConfigureAwait(false);
            }
        }).ConfigureAwait(false);
        var memory = !disk.IsDone ? disk : await SayAsync(
            connect, LiveChannel.Memory, link => link.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(domain, SimulatedJson.Default.SimulatedDomain))).ConfigureAwait(false);
        return memory.IsDone ? await change(id, (domains, now) => domains.Depart(id, domain.Run, now)).ConfigureAwait(false) : memory;
    }

    private static async Task<Outcome> SayAsync(Func<LiveChannel, Task<Outcome<LiveLink>>> connect, LiveChannel channel, Func<LiveLink, Task> say)
    {
        var connected = await connect(channel).ConfigureAwait(false);
        if (connected.Value is not { } link)
        {
            return connected.Result;
        }

        await using (link.ConfigureAwait(false))
        {
            try
            {
                await say(link).ConfigureAwait(false);
                await link.EndAsync().ConfigureAwait(false);
                return await link.ReadAsync(new byte[1]).ConfigureAwait(false) == 1 ? Outcome.Done : Outcome.Failed("the other node did not take it");
            }
            catch (IOException e)
            {
                return Outcome.Failed($"the way to the other node broke: {e.Message}");
            }
        }
    }

    private static async Task TakeAsync(LiveLink link, Func<Task<bool>> take)
    {
        await using (link.ConfigureAwait(false))
        {
            try
            {
                if (await take().ConfigureAwait(false))
                {
                    await link.WriteAsync(Arrived).ConfigureAwait(false);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or ObjectDisposedException)
            {
                // Half of it is nothing: who sent it hears no answer.
            }
        }
    }

    private async Task<bool> TakeDiskAsync(InstanceId id, LiveLink link)
    {
        using var file = new FileStream(diskOf(id), FileMode.Create, FileAccess.Write, FileShare.ReadWrite);
        var piece = new byte[PieceBytes];
        while (await link.ReadAsync(piece).ConfigureAwait(false) is var read && read > 0)
        {
            await file.WriteAsync(piece.AsMemory(0, read)).ConfigureAwait(false);
        }

        return true;
    }

    private async Task<bool> TakeMemoryAsync(InstanceId id, string node, LiveLink link)
    {
        var memory = new byte[PieceBytes];
        var length = 0;
        while (await link.ReadAsync(memory.AsMemory(length)).ConfigureAwait(false) is var read && read > 0)
        {
            length += read;
        }

        var came = JsonSerializer.Deserialize(memory.AsSpan(0, length), SimulatedJson.Default.SimulatedDomain)!;
        return (await change(id, (domains, now) => domains.Arrive(came with { Id = id, Owner = node }, now)).ConfigureAwait(false)).IsDone;
    }
}
