using System.Text.Json.Serialization;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hypervisors.Simulated;

/// <summary>One simulated domain with the guest in it. Immutable; its methods say what it becomes.</summary>
/// <remarks>A guest makes no progress while it is paused: its due times move on by as long as it stood still.</remarks>
internal sealed record SimulatedDomain
{
    /// <summary>The instance; in a file, the file's name.</summary>
    [JsonIgnore]
    public InstanceId Id { get; init; } = null!;

    /// <summary>The node in its metadata.</summary>
    public string Owner { get; init; } = "";

    /// <summary>How its guest behaves.</summary>
    public required SimulatedGuest Guest { get; init; }

    /// <summary>Whether its guest has an agent.</summary>
    public bool Agent { get; init; }

    /// <summary>Whether it runs.</summary>
    public Power Power { get; init; } = Power.Off;

    /// <summary>Why it is off, where it is.</summary>
    public OffReason Off { get; init; }

    /// <summary>How often it was started.</summary>
    public long Run { get; init; }

    /// <summary>The boot marker: the highest incarnation that it was started or marked for.</summary>
    public long Boot { get; init; }

    /// <summary>How often its machine was reset without a start.</summary>
    public long Resets { get; init; }

    /// <summary>Whether the guest has shown life since its machine started or was reset.</summary>
    public bool Ready { get; init; }

    /// <summary>When the guest shows life.</summary>
    public DateTimeOffset? ReadyAt { get; init; }

    /// <summary>When the guest powers itself off.</summary>
    public DateTimeOffset? OffAt { get; init; }

    /// <summary>When the guest resets its machine.</summary>
    public DateTimeOffset? ResetAt { get; init; }

    /// <summary>Since when its processors stand still.</summary>
    public DateTimeOffset? PausedAt { get; init; }

    /// <summary>Undefined, though its file is still there: a removal that was killed half way.</summary>
    public bool Gone { get; init; }

    /// <summary>How many lines of the operations log speak of it.</summary>
    public long Lines { get; init; }

    /// <summary>The last of these lines: what the change that made this state appended.</summary>
    public IReadOnlyList<string> LastLines { get; init; } = [];

    /// <summary>Whether it runs, paused or not.</summary>
    [JsonIgnore]
    public bool IsActive => Power is Power.Running or Power.Paused;

    /// <summary>The next time at which its guest does something by itself.</summary>
    [JsonIgnore]
    public DateTimeOffset? Due =>
        Power == Power.Running ? new[] { Ready ? null : ReadyAt, OffAt, ResetAt }.Min() : null;

    /// <summary>What a look at it shows.</summary>
    public Sighting Sight() => new(Id, Power, IsActive ? OffReason.Unknown : Off, IsActive ? Run : 0, Owner);

    /// <summary>It after a start for that boot.</summary>
    public SimulatedDomain Started(long boot, DateTimeOffset now) =>
        (this with { Power = Power.Running, Off = OffReason.Unknown, Run = Run + 1, Boot = Math.Max(Boot, boot), PausedAt = null }).Booting(now);

    /// <summary>It after its run ended.</summary>
    public SimulatedDomain Ended(OffReason why) =>
        this with { Power = Power.Off, Off = why, Ready = false, ReadyAt = null, OffAt = null, ResetAt = null, PausedAt = null };

    /// <summary>It after a reset of its machine.</summary>
    public SimulatedDomain WasReset(DateTimeOffset now) => (this with { Resets = Resets + 1 }).Booting(PausedAt ?? now);

    /// <summary>It with its processors standing still.</summary>
    public SimulatedDomain Stilled(DateTimeOffset now) => this with { Power = Power.Paused, PausedAt = now };

    /// <summary>It with its processors running on.</summary>
    public SimulatedDomain RunningOn(DateTimeOffset now)
    {
        var still = now - (PausedAt ?? now);
        return this with
        {
            Power = Power.Running,
            PausedAt = null,
            ReadyAt = ReadyAt + still,
            OffAt = OffAt + still,
            ResetAt = ResetAt + still,
        };
    }

    /// <summary>It after its guest was asked to power off.</summary>
    public SimulatedDomain AskedOff(DateTimeOffset now) =>
        Guest.Deaf ? this : this with { OffAt = OffAt ?? ((PausedAt ?? now) + Guest.FollowTime) };

    /// <summary>It after its guest was asked to reboot.</summary>
    public SimulatedDomain AskedReboot(DateTimeOffset now) =>
        Guest.Deaf ? this : this with { ResetAt = ResetAt ?? ((PausedAt ?? now) + Guest.FollowTime) };

    private SimulatedDomain Booting(DateTimeOffset now) => this with
    {
        Ready = false,
        ReadyAt = Guest.Silent || Guest.Frail ? null : now + Guest.BootTime,
        OffAt = Guest.Frail ? now + Guest.BootTime : null,
        ResetAt = null,
    };
}
