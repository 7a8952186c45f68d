using System.Security.Cryptography;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Disks;

namespace Hydravisor.Actors.Tests.Hypervisors;

/// <summary>What every form must do of a disk that goes to another node.</summary>
public abstract class MovedDiskContract : HypervisorContract
{
    private DomainPlan WithDisk => Plan with { DiskBytes = 3 << 20 };

    private DomainPlan Imported => WithDisk with { IsImported = true };

    /// <summary>The hypervisor of another node, not begun.</summary>
    private protected abstract IHypervisor CreateOther();

    /// <summary>The path of the plan's disk, on this node or on the other one.</summary>
    private protected abstract string DiskOf(bool there);

    /// <summary>Has something on the disk, where making it puts nothing there.</summary>
    private protected virtual void Fill(string disk)
    {
        // A disk that was made has its own header.
    }

    [Fact]
    public async Task A_disk_goes_to_another_node_as_it_is_and_a_guest_boots_with_it_there()
    {
        var disk = await MadeAsync();
        await using var other = await OtherAsync();
        await Done(CopyAsync(other));
        Assert.Equal(KeyValuePair.Create(Plan.Id, true), Assert.Single(await AsideAsync(other)));
        await Done(Hypervisor.RemoveAsync(Plan.Id));

        // As often as it is asked for.
        await Done(other.ProvisionAsync(Imported));
        await Done(other.ProvisionAsync(Imported));
        Assert.Empty(await AsideAsync(other));
        Assert.Equal(disk, await File.ReadAllBytesAsync(DiskOf(there: true)));
        Assert.True((await other.StartAsync(WithDisk, 2)).IsDone);
        Assert.True((await other.WaitReadyAsync(WithDisk, 2, CancellationToken.None)).IsDone);
        await Done(other.RemoveAsync(Plan.Id));
        Assert.False(File.Exists(DiskOf(there: true)));
    }

    [Fact]
    public async Task The_disk_of_a_domain_that_runs_or_is_not_there_goes_nowhere()
    {
        Assert.Equal(OutcomeKind.Failed, (await Hypervisor.ExportAsync(Plan.Id)).Result.Kind);
        await BootAsync(1);
        Assert.Equal(OutcomeKind.Failed, (await Hypervisor.ExportAsync(Plan.Id)).Result.Kind);
    }

    [Fact]
    public async Task A_disk_that_somebody_wrote_to_while_it_was_read_does_not_count()
    {
        await MadeAsync();
        using var reading = (await Hypervisor.ExportAsync(Plan.Id)).Value!;
        File.SetLastWriteTimeUtc(DiskOf(there: false), DateTime.UtcNow.AddMinutes(1));
        var refused = await Assert.ThrowsAsync<IOException>(async () =>
        {
            while (await reading.ReadAsync(new byte[1 << 20]) > 0)
            {
                // To its end.
            }
        });
        Assert.Contains("written to", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(DiskReading.TrailerBytes)]
    [InlineData(100_000)]
    public async Task A_disk_that_comes_in_part_or_altered_is_refused_and_nothing_of_it_stays(int lost)
    {
        await MadeAsync();
        await using var other = await OtherAsync();
        Assert.Equal(OutcomeKind.Failed, (await CopyAsync(other, bytes => bytes[..^lost])).Kind);
        Assert.Empty(await AsideAsync(other));
        Assert.Equal(OutcomeKind.Failed, (await CopyAsync(other, bytes =>
        {
            bytes[lost] ^= 1;
            return bytes;
        })).Kind);
        Assert.Empty(await AsideAsync(other));
    }

    [Fact]
    public async Task A_domain_whose_disk_did_not_come_is_not_made_with_another_one()
    {
        await using var other = await OtherAsync();
        var refused = await other.ProvisionAsync(Imported);
        Assert.Equal(OutcomeKind.Failed, refused.Kind);
        Assert.Contains("is not there", refused.Reason, StringComparison.Ordinal);
        Assert.False(File.Exists(DiskOf(there: true)));
    }

    [Fact]
    public async Task What_came_and_is_not_wanted_is_found_and_removed()
    {
        await MadeAsync();
        await using var other = await OtherAsync();
        await Done(CopyAsync(other));
        await using var next = CreateOther();
        Assert.Equal(Plan.Id, Assert.Single(await AsideAsync(next)).Key);
        await Done(next.DropImportAsync(Plan.Id));
        await Done(next.DropImportAsync(Plan.Id));
        Assert.Empty(await AsideAsync(other));
        Assert.Equal(OutcomeKind.Failed, (await other.ProvisionAsync(Imported)).Kind);
    }

    [Fact]
    public async Task A_removal_takes_what_came_with_it()
    {
        await MadeAsync();
        await using var other = await OtherAsync();
        await Done(CopyAsync(other));
        await Done(Hypervisor.RemoveAsync(Plan.Id));
        await Done(other.RemoveAsync(Plan.Id));
        Assert.Empty(await AsideAsync(other));
    }

    private static async Task<IReadOnlyDictionary<Protocol.InstanceId, bool>> AsideAsync(IHypervisor hypervisor)
    {
        var aside = await hypervisor.ImportsAsync();
        Assert.True(aside.IsDone, aside.Result.Reason);
        return aside.Value!;
    }

    private async Task<byte[]> MadeAsync()
    {
        await Done(Hypervisor.ProvisionAsync(WithDisk));
        Fill(DiskOf(there: false));
        return await File.ReadAllBytesAsync(DiskOf(there: false));
    }

    private protected async Task<IHypervisor> OtherAsync()
    {
        var (other, came) = (CreateOther(), new TaskCompletionSource());
        other.Begin(news =>
        {
            if (news is HypervisorNews.Connected)
            {
                came.TrySetResult();
            }
        });
        await Wait.For(came.Task, "the other hypervisor is reached");
        return other;
    }

    // In pieces of any size, as the network would cut them.
    private async Task<Outcome> CopyAsync(IHypervisor other, Func<byte[], byte[]>? change = null)
    {
        using var reading = (await Hypervisor.ExportAsync(Plan.Id)).Value!;
        using var all = new MemoryStream();
        var buffer = new byte[5000];
        int read;
        while ((read = await reading.ReadAsync(buffer)) > 0)
        {
            all.Write(buffer, 0, read);
        }

        var bytes = change?.Invoke(all.ToArray()) ?? all.ToArray();
        await using var writing = (await other.ImportAsync(Imported)).Value!;
        for (var at = 0; at < bytes.Length;)
        {
            var piece = Math.Min(RandomNumberGenerator.GetInt32(1, 70_000), bytes.Length - at);
            await writing.WriteAsync(bytes.AsMemory(at, piece));
            at += piece;
        }

        return await writing.FinishAsync();
    }
}
