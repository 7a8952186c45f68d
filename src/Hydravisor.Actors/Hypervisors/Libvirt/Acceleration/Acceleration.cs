namespace Hydravisor.Actors.Hypervisors.Libvirt.Acceleration;

/// <summary>How guests run, and how that is known.</summary>
/// <param name="Kvm">With the processor's help; else by emulation.</param>
/// <param name="Basis">How it is known.</param>
/// <param name="Reason">For a person.</param>
internal sealed record Acceleration(bool Kvm, AccelerationBasis Basis, string Reason)
{
    /// <summary>The type of the domains.</summary>
    public string VirtType => Kvm ? "kvm" : "qemu";

    /// <summary>As the setting says it.</summary>
    public string Word => Kvm ? "kvm" : "tcg";
}

/// <summary>How it is known how guests run.</summary>
internal enum AccelerationBasis
{
    /// <summary>An operator said so.</summary>
    Configured,

    /// <summary>There is no <c>/dev/kvm</c>.</summary>
    NoDevice,

    /// <summary>A guest was booted just now.</summary>
    Booted,

    /// <summary>A guest was booted once, and nothing has changed since.</summary>
    Remembered,

    /// <summary>It could not be found out: by emulation, which works everywhere. Asked again at the next start.</summary>
    NotKnown,
}

/// <summary>A verdict as it is remembered: <c>accel.json</c> in the data directory.</summary>
/// <param name="Kvm">Whether a guest booted with KVM.</param>
/// <param name="Reason">What was seen.</param>
/// <param name="At">When.</param>
/// <param name="Facts">What it depends on.</param>
internal sealed record RememberedAcceleration(bool Kvm, string Reason, DateTimeOffset At, AccelerationFacts Facts);
