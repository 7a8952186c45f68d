using System.Globalization;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hypervisors.Simulated;

/// <summary>Who did something to a simulated domain.</summary>
internal enum SimulatedBy
{
    /// <summary>The node, by a call of <see cref="IHypervisor"/>.</summary>
    Node,

    /// <summary>Somebody else on the machine.</summary>
    Outside,

    /// <summary>The guest itself.</summary>
    Guest,
}

/// <summary>What was done. Only what changed something is noted: a call that found all as it should be is not.</summary>
internal enum SimulatedEffect
{
    /// <summary>The domain was defined.</summary>
    Defined,

    /// <summary>Its machine was started.</summary>
    Started,

    /// <summary>Its boot was marked.</summary>
    Marked,

    /// <summary>The guest showed life.</summary>
    ShowedLife,

    /// <summary>Its processors were stopped.</summary>
    Suspended,

    /// <summary>Its processors run on.</summary>
    Resumed,

    /// <summary>The guest was asked to power off.</summary>
    AskedToPowerOff,

    /// <summary>The guest was asked to reboot.</summary>
    AskedToReboot,

    /// <summary>Its machine was reset.</summary>
    Reset,

    /// <summary>The guest powered itself off.</summary>
    PoweredOff,

    /// <summary>Its run was ended by a call.</summary>
    Destroyed,

    /// <summary>Its QEMU process died.</summary>
    Killed,

    /// <summary>The domain was undefined.</summary>
    Undefined,

    /// <summary>It went to another node as it ran.</summary>
    Departed,

    /// <summary>It came from another node as it ran, and stands still.</summary>
    Arrived,
}

/// <summary>One effect on a domain, as the log of operations holds it.</summary>
/// <param name="At">When.</param>
/// <param name="By">Who did it.</param>
/// <param name="Effect">What was done.</param>
/// <param name="Id">To which domain.</param>
/// <param name="Boot">The boot marker after it.</param>
/// <param name="Run">The number of the domain's run after it.</param>
internal sealed record SimulatedOperation(
    DateTimeOffset At, SimulatedBy By, SimulatedEffect Effect, InstanceId Id, long Boot, long Run)
{
    /// <summary>Its line, without the line feed.</summary>
    public string ToLine() =>
        string.Create(CultureInfo.InvariantCulture, $"{At.UtcDateTime:O} {By} {Effect} {Id} boot={Boot} run={Run}");

    /// <summary>Reads a line back.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static SimulatedOperation Parse(string line)
    {
        var parts = line.Split(' ');
        if (parts.Length != 6 || !parts[4].StartsWith("boot=", StringComparison.Ordinal) || !parts[5].StartsWith("run=", StringComparison.Ordinal))
        {
            throw new FormatException($"'{line}' is not a line of the operations log.");
        }

        return new SimulatedOperation(
            DateTimeOffset.Parse(parts[0], CultureInfo.InvariantCulture),
            Enum.Parse<SimulatedBy>(parts[1]),
            Enum.Parse<SimulatedEffect>(parts[2]),
            InstanceId.Parse(parts[3]),
            long.Parse(parts[4]["boot=".Length..], CultureInfo.InvariantCulture),
            long.Parse(parts[5]["run=".Length..], CultureInfo.InvariantCulture));
    }
}
