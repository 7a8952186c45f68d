using System.Collections.Concurrent;
using System.Xml.Linq;
using Hydravisor.Actors.Hypervisors.Libvirt.Domains;
using Hydravisor.Actors.Hypervisors.Live;
using Hydravisor.Libvirt;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hypervisors.Libvirt.Live;

/// <summary>Domains that go to other nodes and come from them while they run: libvirt's own migration, whose connections are this product's (libvirt.org/migration.html, "unix sockets").</summary>
/// <remarks>Safe for all threads; blocks none of its callers.</remarks>
internal sealed class LiveMoves(LibvirtSettings settings, LibvirtCalls calls, DomainMaking making, DomainOperations operations, QemuUsers users, TimeProvider time)
{
    private const string Kind = "libvirt";

    private readonly ConcurrentDictionary<InstanceId, LivePlace> _expected = new();

    /// <inheritdoc cref="IHypervisor.LandAsync"/>
    public Task<Outcome<Landing>> LandAsync(DomainPlan plan) => calls.ChangeAsync(plan.Id, brings: true, (connection, turn) =>
    {
        if (LivePlace.DaemonSocket(settings.Uri) is null)
        {
            return Outcome<Landing>.Failed($"the libvirt behind {settings.Uri} cannot be reached by a socket of this machine");
        }

        if (WhyNoUser(connection, out var user) is { } why)
        {
            return Outcome<Landing>.Failed(why);
        }

        var defined = making.Land(connection, plan, turn);
        if (!defined.IsDone)
        {
            return new Outcome<Landing>(defined.Result, null);
        }

        var place = LivePlace.Of(settings, plan.Id);
        try
        {
            place.Make(user);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Outcome<Landing>.Failed($"a place for its memory cannot be made: {e.Message}");
        }

        _expected[plan.Id] = place;
        return Outcome<Landing>.Done(new Landing(Kind, place.Directory, defined.Value!));
    });

    /// <inheritdoc cref="IHypervisor.ReceiveAsync"/>
    public async Task<Outcome<LiveLink>> ReceiveAsync(InstanceId id, LiveChannel channel) =>
        !_expected.TryGetValue(id, out var place) ? Outcome<LiveLink>.Failed($"{id} is not expected here")
        : await SocketLink.ConnectAsync(channel == LiveChannel.Control ? LivePlace.DaemonSocket(settings.Uri)! : place.SocketOf(channel)).ConfigureAwait(false);

    /// <summary>What came, or does not come any more, is not expected any more.</summary>
    public void Forget(InstanceId id)
    {
        try
        {
            if (_expected.TryRemove(id, out var place))
            {
                place.Remove();
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next one at this place removes it.
        }
    }

    /// <inheritdoc cref="IHypervisor.SendAsync"/>
    public async Task<Outcome> SendAsync(InstanceId id, Landing landing, Func<LiveChannel, Task<Outcome<LiveLink>>> connect)
    {
        var place = LivePlace.Of(settings, id);
        if (landing.Kind != Kind || landing.Place != place.Directory)
        {
            return Outcome.Failed(landing.Kind == Kind ? $"the other node keeps what is on its way in {landing.Place}, and this one in {place.Directory}" : "the other node's hypervisor is of another kind");
        }

        QemuUser? user = null;
        var asked = await calls.ReadAsync(connection => WhyNoUser(connection, out user) is { } why ? Outcome<bool>.Failed(why) : Outcome<bool>.Done(true)).ConfigureAwait(false);
        if (!asked.IsDone)
        {
            return asked.Result;
        }

        try
        {
            var door = LiveDoor.Open(place, user, connect);
            await using (door.ConfigureAwait(false))
            {
                return await MigrateAsync(id, landing, place).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Outcome.Failed($"its way cannot be made: {e.Message}");
        }
    }

    private async Task<Outcome> MigrateAsync(InstanceId id, Landing landing, LivePlace place)
    {
        var moving = calls.MoveAsync(id, connection =>
        {
            using var domain = connection.FindByUuid(DomainPlan.DomainUuid(id));
            if (domain is null || operations.Refusal(domain, id) is not null || !domain.IsActive)
            {
                return Outcome<bool>.Failed($"the domain {DomainPlan.DomainName(id)} does not run");
            }

            try
            {
                var there = AsItRuns(XElement.Parse(landing.Definition), XElement.Parse(domain.GetXml(DomainXmlFlags.None)));
                var disks = Disks(there);
                domain.Migrate(place.ThroughHere(settings.Uri), HowTo(there, disks, place), FlagsFor(disks));
                return Outcome<bool>.Done(true);
            }
            catch (LibvirtException e) when (e.IsConnectionLost && connection.IsAlive)
            {
                // Not ours: that of our daemon to the other node's.
                return Outcome<bool>.Failed(LibvirtWords.Of(e));
            }
        });
        using var late = new CancellationTokenSource(settings.LiveLimit, time);
        using var registered = late.Token.Register(() => _ = calls.ReadAsync(connection =>
        {
            using var domain = connection.FindByUuid(DomainPlan.DomainUuid(id));
            domain?.AbortJob();
            return Outcome<bool>.Done(true);
        }));
        return (await moving.ConfigureAwait(false)).Result;
    }

    // The files are lent to QEMU's user by us, or QEMU runs as we do.
    private string? WhyNoUser(LibvirtConnection connection, out QemuUser? user)
    {
        user = users.On(connection);
        return user is null && Environment.IsPrivilegedProcess ? "it is not known who QEMU runs as, so that nothing can be lent to it" : null;
    }

    // A machine type such as q35 stands for the newest of its kind: the other node's QEMU may be newer, and a daemon that found the domain running cannot tell
    // which one is meant (libvirt 9.0 keeps no list of them over its own restart).
    private static XElement AsItRuns(XElement definition, XElement running)
    {
        XAttribute? MachineOf(XElement domain) => domain.Element("os")?.Element("type")?.Attribute("machine");
        if (MachineOf(definition) is { } machine && MachineOf(running) is { Value: var it })
        {
            machine.Value = it;
        }

        return definition;
    }

    private static DomainMigration HowTo(XElement definition, IReadOnlyList<string> disks, LivePlace place) => new(
        "unix://" + place.SocketOf(LiveChannel.Memory),
        disks is [] ? null : "unix://" + place.SocketOf(LiveChannel.Disks),
        definition.ToString(),
        disks);

    // Emulated, a guest must stand still while its memory is copied: QEMU may miss what it writes meanwhile (seen with 7.2: kernels of busy guests died), and
    // would say nothing of it.
    private DomainMigrateFlags FlagsFor(IReadOnlyList<string> disks) =>
        DomainMigrateFlags.Peer2Peer | DomainMigrateFlags.Paused
        | (settings.VirtType == "kvm" ? DomainMigrateFlags.Live | DomainMigrateFlags.AutoConverge : DomainMigrateFlags.None)
        | (disks is [] ? DomainMigrateFlags.None : DomainMigrateFlags.NonSharedInc | DomainMigrateFlags.AbortOnError);

    private static List<string> Disks(XElement definition) =>
        [.. definition.Descendants("disk").Where(disk => disk.Element("readonly") is null).Select(disk => (string?)disk.Element("target")?.Attribute("dev")).OfType<string>()];
}
