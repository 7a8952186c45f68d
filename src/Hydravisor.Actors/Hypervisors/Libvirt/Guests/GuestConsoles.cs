using System.Collections.Concurrent;
using System.Globalization;
using System.Xml;
using System.Xml.Linq;
using Hydravisor.Actors.Hypervisors.Libvirt.Domains;
using Hydravisor.Libvirt;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hypervisors.Libvirt.Guests;

/// <summary>Types into guests' consoles: writes to the pseudo terminals that their QEMU reads. Safe for all threads.</summary>
/// <remarks>
/// Not through whatever shows the console to people: a person who looks back there would swallow it, and <c>virsh console</c> has a byte at which it
/// leaves. Where a guest does not read, only the clock is waited on, no thread. A device is kept open for a moment longer than it is typed to: QEMU looks only once a second
/// whether somebody is there, and takes nothing from one who has left again. It is not kept for longer, since a guest's output then waits for a reader.
/// </remarks>
internal sealed class GuestConsoles(LibvirtCalls calls, DomainOperations operations, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan FullPause = TimeSpan.FromMilliseconds(10);

    private readonly ConsoleQueue _queue = new(ConsoleQueue.BytesMax);
    private readonly ConcurrentDictionary<InstanceId, OpenConsole> _open = new();

    /// <summary>How long a guest may take no byte.</summary>
    public static readonly TimeSpan UnreadLimit = TimeSpan.FromSeconds(10);

    /// <summary>How long a console stays open after the last byte.</summary>
    public static readonly TimeSpan IdleLimit = TimeSpan.FromSeconds(3);

    /// <summary>Types bytes, as they are.</summary>
    public Task<Outcome> TypeAsync(InstanceId id, ReadOnlyMemory<byte> bytes) =>
        bytes.IsEmpty ? Task.FromResult(Outcome.Done) : _queue.InTurnAsync(id, bytes.Length, () => TypeNowAsync(id, bytes));

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var id in _open.Keys)
        {
            Forget(id);
        }
    }

    private async Task<Outcome> TypeNowAsync(InstanceId id, ReadOnlyMemory<byte> bytes)
    {
        if (Take(id) is { } kept)
        {
            var (outcome, written) = await WriteAsync(id, kept, bytes).ConfigureAwait(false);
            if (outcome.Kind != OutcomeKind.Failed || written > 0)
            {
                return outcome;
            }
        }

        // Never opened, or its run is over: the domain may have another one by now.
        var opened = await calls.ReadAsync(connection => Open(connection, id)).ConfigureAwait(false);
        return opened.IsDone ? (await WriteAsync(id, opened.Value!, bytes).ConfigureAwait(false)).Outcome : opened.Result;
    }

    private async Task<(Outcome Outcome, int Written)> WriteAsync(InstanceId id, ConsoleDevice device, ReadOnlyMemory<byte> bytes)
    {
        var written = 0;
        try
        {
            var since = time.GetTimestamp();
            while (written < bytes.Length)
            {
                var now = device.Write(bytes.Span[written..]);
                written += now;
                if (now > 0)
                {
                    since = time.GetTimestamp();
                }
                else if (time.GetElapsedTime(since) >= UnreadLimit)
                {
                    device.Dispose();
                    return (Outcome.Unavailable(string.Create(
                        CultureInfo.InvariantCulture, $"the guest does not read its console: it took {written} of {bytes.Length} bytes")), written);
                }
                else
                {
                    await Task.Delay(FullPause, time).ConfigureAwait(false);
                }
            }

            Keep(id, device);
            return (Outcome.Done, written);
        }
        catch (IOException e)
        {
            device.Dispose();
            return (Outcome.Failed(e.Message), written);
        }
    }

    // The device is known by a path only, which goes to somebody else when the domain's run is over. So the run is looked at on both sides of the opening.
    private Outcome<ConsoleDevice> Open(LibvirtConnection connection, InstanceId id)
    {
        using var domain = connection.FindByUuid(DomainPlan.DomainUuid(id));
        if (domain is null)
        {
            return Outcome<ConsoleDevice>.Failed(DomainOperations.NoDomain(id));
        }

        if (operations.Refusal(domain, id) is { } refusal)
        {
            return Outcome<ConsoleDevice>.Failed(refusal);
        }

        if (domain.Id is not { } run)
        {
            return Outcome<ConsoleDevice>.Failed($"the domain {DomainPlan.DomainName(id)} does not run");
        }

        if (DeviceOf(domain.GetXml(DomainXmlFlags.None)) is not { } path)
        {
            return Outcome<ConsoleDevice>.Failed($"the domain {DomainPlan.DomainName(id)} has no console that can be typed into");
        }

        try
        {
            var device = ConsoleDevice.Open(path);
            using var again = connection.FindByUuid(DomainPlan.DomainUuid(id));
            if (again?.Id == run)
            {
                return Outcome<ConsoleDevice>.Done(device);
            }

            device.Dispose();
            return Outcome<ConsoleDevice>.Unavailable($"the domain {DomainPlan.DomainName(id)} starts or ends at this moment");
        }
        catch (IOException e)
        {
            return Outcome<ConsoleDevice>.Failed(e.Message);
        }
    }

    /// <summary>The console's device in a running domain's definition; null where it has none.</summary>
    public static string? DeviceOf(string xml)
    {
        using var reader = XmlReader.Create(new StringReader(xml), new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit });
        var path = XElement.Load(reader).Element("devices")?.Elements("serial")
            .FirstOrDefault(serial => serial.Attribute("type")?.Value == "pty")?.Element("source")?.Attribute("path")?.Value;
        const string Devices = "/dev/pts/";
        return path is not null && path.StartsWith(Devices, StringComparison.Ordinal) && path.Length > Devices.Length && path[Devices.Length..].All(char.IsAsciiDigit)
            ? path
            : null;
    }

    private ConsoleDevice? Take(InstanceId id) => _open.TryRemove(id, out var open) ? open.Take() : null;

    private void Forget(InstanceId id) => Take(id)?.Dispose();

    private void Keep(InstanceId id, ConsoleDevice device)
    {
        var open = new OpenConsole(device);
        _open[id] = open;
        open.CloseAfter(IdleLimit, time, () => ((ICollection<KeyValuePair<InstanceId, OpenConsole>>)_open).Remove(new(id, open)));
    }

    /// <summary>A device that is used by one at a time, or closed when nobody does.</summary>
    private sealed class OpenConsole(ConsoleDevice device)
    {
        private readonly Lock _gate = new();
        private ConsoleDevice? _device = device;
        private ITimer? _timer;

        public ConsoleDevice? Take()
        {
            lock (_gate)
            {
                _timer?.Dispose();
                var taken = _device;
                _device = null;
                return taken;
            }
        }

        public void CloseAfter(TimeSpan idle, TimeProvider time, Action gone)
        {
            lock (_gate)
            {
                _timer = time.CreateTimer(
                    _ =>
                    {
                        gone();
                        Take()?.Dispose();
                    },
                    null,
                    idle,
                    Timeout.InfiniteTimeSpan);
            }
        }
    }
}
