using System.Text.Json;
using Hydravisor.Actors.Files;
using Hydravisor.Actors.Hypervisors.Images;
using Hydravisor.Actors.Hypervisors.Libvirt.Calls;
using Hydravisor.Actors.Hypervisors.Libvirt.Files;
using Hydravisor.Libvirt;

namespace Hydravisor.Actors.Hypervisors.Libvirt.Acceleration;

/// <summary>Finds out whether guests run with KVM. Only a guest that really booted counts: there are machines whose <c>/dev/kvm</c> opens, and
/// of which libvirt says that it is usable, where no guest boots.</summary>
/// <param name="configured"><c>auto</c>, <c>kvm</c> or <c>tcg</c>.</param>
/// <param name="uri">The connection.</param>
/// <param name="dataDirectory">Where the verdict is remembered, and where the guest's console is written to.</param>
/// <param name="images">Finds an image by name.</param>
/// <param name="time">The clock.</param>
internal sealed class AccelerationProbe(string configured, string uri, string dataDirectory, Func<string, ImageEntry?> images, TimeProvider time)
{
    /// <summary>The image that is booted.</summary>
    public const string Image = "tiny";

    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(90);

    /// <summary>Where the verdict is remembered.</summary>
    public string File => Path.Combine(dataDirectory, "accel.json");

    /// <summary>How long a guest may take to boot.</summary>
    public TimeSpan BootLimit { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>The type of domain that is tried; only tests try another.</summary>
    public string VirtType { get; init; } = "kvm";

    /// <summary>Whether a machine without <c>/dev/kvm</c> is settled by that; only tests of emulated guests say no.</summary>
    public bool LooksAtDevice { get; init; } = true;

    /// <summary>How guests run on this machine. Boots a guest where that is not known yet; never throws for what can happen outside.</summary>
    public async Task<Acceleration> DecideAsync()
    {
        if (Settled() is { } settled)
        {
            return settled;
        }

        using var lane = new CallLane("acceleration", threads: 2, queueMax: 8, CallLimit, time);
        var opened = await lane.Call(Open, late: static connection => connection.Value?.Dispose()).Answer.ConfigureAwait(false);
        if (!opened.IsDone)
        {
            return Recall(AccelerationFacts.Of(qemu: 0)) ?? NotKnown(opened.Result.Reason);
        }

        using var connection = new LaneConnection(opened.Value!, lane);
        var version = await lane.Call(() => Outcome<long>.Done(opened.Value!.HypervisorVersion)).Answer.ConfigureAwait(false);
        var facts = AccelerationFacts.Of(version.Value);
        return Recall(facts) ?? await BootAsync(opened.Value!, lane, facts).ConfigureAwait(false);
    }

    /// <summary>What is known without booting a guest; null where one would have to be booted.</summary>
    /// <param name="qemu">QEMU's version as libvirt numbers it; 0 where it is not known.</param>
    public Acceleration? Known(long qemu) => Settled() ?? Recall(AccelerationFacts.Of(qemu));

    private Acceleration? Settled() => configured switch
    {
        "kvm" => new Acceleration(true, AccelerationBasis.Configured, "hydravisor.accel = kvm"),
        "tcg" => new Acceleration(false, AccelerationBasis.Configured, "hydravisor.accel = tcg"),
        _ when LooksAtDevice && !System.IO.File.Exists(AccelerationFacts.Device) =>
            new Acceleration(false, AccelerationBasis.NoDevice, $"there is no {AccelerationFacts.Device}"),
        _ => null,
    };

    private static Acceleration NotKnown(string why) =>
        new(false, AccelerationBasis.NotKnown, $"whether a guest boots with KVM could not be found out: {why}");

    private Outcome<LibvirtConnection> Open()
    {
        try
        {
            return Outcome<LibvirtConnection>.Done(LibvirtConnection.Open(uri));
        }
        catch (Exception e) when (e is LibvirtException or DllNotFoundException)
        {
            return Outcome<LibvirtConnection>.Unavailable(e is LibvirtException said ? LibvirtWords.Of(said) : e.Message);
        }
    }

    private Acceleration? Recall(AccelerationFacts facts)
    {
        try
        {
            return JsonSerializer.Deserialize(System.IO.File.ReadAllBytes(File), VmFilesJson.Default.RememberedAcceleration) is { } kept
                && facts.Holds(kept.Facts)
                    ? new Acceleration(kept.Kvm, AccelerationBasis.Remembered, kept.Reason)
                    : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    private async Task<Acceleration> BootAsync(LibvirtConnection connection, CallLane lane, AccelerationFacts facts)
    {
        if (images(Image) is not { IsBuilt: true, KernelPath: not null, Ready.ConsolePattern: not null } image)
        {
            return NotKnown($"the image '{Image}', which it is tried with, is not built. Build it: hydravisor image build {Image}");
        }

        if (!System.IO.File.Exists(image.KernelPath) || (image.InitrdPath is { } initrd && !System.IO.File.Exists(initrd)))
        {
            return NotKnown($"the image '{Image}', which it is tried with, lacks a file. Build it: hydravisor image build {Image}");
        }

        var settings = new LibvirtSettings { Uri = uri, NodeName = "probe", VmsDirectory = dataDirectory, VirtType = VirtType };
        var boot = new ProbeBoot(connection, lane, image, settings, dataDirectory, time);
        var (booted, said) = await boot.RunAsync(BootLimit).ConfigureAwait(false);
        if (booted is not { } kvm)
        {
            return NotKnown(said);
        }

        Remember(new RememberedAcceleration(kvm, said, time.GetUtcNow(), facts));
        return new Acceleration(kvm, AccelerationBasis.Booted, said);
    }

    private void Remember(RememberedAcceleration verdict)
    {
        try
        {
            WholeFile.Write(File, JsonSerializer.SerializeToUtf8Bytes(verdict, VmFilesJson.Default.RememberedAcceleration));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Then it is found out again at the next start; the data directory's own check says what is wrong with it.
        }
    }

    // Closing talks to the daemon: not on a thread of the pool.
    private sealed class LaneConnection(LibvirtConnection connection, CallLane lane) : IDisposable
    {
        public void Dispose() => lane.Call(() =>
        {
            connection.Dispose();
            return Outcome<bool>.Done(true);
        });
    }
}
