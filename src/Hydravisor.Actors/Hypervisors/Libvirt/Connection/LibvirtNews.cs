using System.Threading.Channels;
using Hydravisor.Libvirt;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hypervisors.Libvirt.Connection;

/// <summary>Carries news from libvirt's thread to the sink, one at a time and in order. Safe for all threads.</summary>
/// <remarks>News are hints to look: where too many wait, the newest are dropped and one hint to look at everything takes their place.</remarks>
/// <param name="booting">Called when a guest was seen to begin a boot, before the sink hears of it.</param>
/// <param name="time">The clock.</param>
internal sealed class LibvirtNews(Action<InstanceId> booting, TimeProvider time) : IAsyncDisposable
{
    private const int WaitingMax = 4096;
    private const int ResetsRememberedMax = 1024;

    // libvirt tells twice of the reset that ends an orderly reboot, some 70 ms apart; no guest reboots twice in a second.
    private static readonly TimeSpan OneReset = TimeSpan.FromSeconds(1);

    private readonly Dictionary<InstanceId, long> _lastReset = [];

    private readonly Channel<HypervisorNews> _waiting = Channel.CreateBounded<HypervisorNews>(
        new BoundedChannelOptions(WaitingMax) { SingleReader = true });

    private Task _delivering = Task.CompletedTask;
    private int _dropped;

    /// <summary>Begins to deliver.</summary>
    public void Begin(Action<HypervisorNews> sink) => _delivering = DeliverAsync(sink);

    /// <summary>Hands news over. Never blocks.</summary>
    public void Tell(HypervisorNews news)
    {
        if (!_waiting.Writer.TryWrite(news))
        {
            Volatile.Write(ref _dropped, 1);
        }
    }

    /// <summary>As an event handler: a step in a domain's life, where the domain is one of ours by its name.</summary>
    public void Tell(DomainLifecycleEvent happened)
    {
        if (OursByName(happened.Name, happened.Uuid) is { } id)
        {
            Tell(new HypervisorNews.Changed(id, happened.Kind.ToString()));
        }
    }

    /// <summary>As an event handler: a reset.</summary>
    public void Tell(DomainEvent rebooted)
    {
        if (OursByName(rebooted.Name, rebooted.Uuid) is { } id && !IsTheSameReset(id))
        {
            Tell(new HypervisorNews.Rebooted(id));
        }
    }

    // Only ever called on libvirt's event thread.
    private bool IsTheSameReset(InstanceId id)
    {
        var now = time.GetTimestamp();
        if (_lastReset.TryGetValue(id, out var last) && time.GetElapsedTime(last, now) < OneReset)
        {
            return true;
        }

        if (_lastReset.Count >= ResetsRememberedMax)
        {
            foreach (var (old, _) in _lastReset.Where(reset => time.GetElapsedTime(reset.Value, now) >= OneReset).ToList())
            {
                _lastReset.Remove(old);
            }
        }

        _lastReset[id] = now;
        return false;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        await _delivering.ConfigureAwait(false);
    }

    /// <summary>The instance whose domain has that name and UUID, or null.</summary>
    public static InstanceId? OursByName(string name, Guid uuid) =>
        DomainPlan.FromDomainName(name) is { } id && DomainPlan.DomainUuid(id) == uuid ? id : null;

    private async Task DeliverAsync(Action<HypervisorNews> sink)
    {
        await foreach (var news in _waiting.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            switch (news)
            {
                case HypervisorNews.Rebooted rebooted:
                    booting(rebooted.Id);
                    break;
                case HypervisorNews.Changed { What: nameof(DomainLifecycleKind.Started) } started:
                    booting(started.Id);
                    break;
            }

            sink(news);
            if (Interlocked.Exchange(ref _dropped, 0) == 1)
            {
                sink(new HypervisorNews.Connected());
            }
        }
    }
}
