using System.Net.Sockets;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Libvirt;
using Hydravisor.Libvirt;
using Hydravisor.Libvirt.Tests.Daemon;

namespace Hydravisor.Actors.Tests.Hypervisors.Libvirt;

/// <summary>Losing a real daemon: one of the test's own, with libvirt's test driver behind it, whose domains are as defined and run as
/// little as that.</summary>
[Collection(QemuCollection.Name)]
public sealed class ConnectionLossTests : IAsyncLifetime
{
    private readonly TemporaryDirectory _directory = new();
    private readonly List<HypervisorNews> _news = [];
    private readonly DomainPlan _plan = QemuNode.NewPlan();
    private readonly LiveHandles _before = LibvirtHandles.Live;
    private PrivateDaemon? _daemon;
    private LibvirtHypervisor? _hypervisor;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_hypervisor is not null)
        {
            await _hypervisor.DisposeAsync();
        }

        _daemon?.Dispose();
        _directory.Dispose();
        await Wait.Until(() => LibvirtHandles.Live == _before, "nothing native stays behind");
    }

    [Fact]
    public async Task A_lost_daemon_is_trouble_at_once_and_is_reached_again_when_it_returns()
    {
        _daemon = new PrivateDaemon();
        var hypervisor = Begin(_daemon.Uri);
        await ToldAsync<HypervisorNews.Connected>(1);
        Assert.True((await hypervisor.ProvisionAsync(_plan)).IsDone);
        using var given = new CancellationTokenSource();
        var waiting = hypervisor.WaitReadyAsync(_plan, 1, given.Token);

        _daemon.Kill();

        await ToldAsync<HypervisorNews.Lost>(1);
        Assert.NotNull(hypervisor.Trouble);
        Assert.Equal(OutcomeKind.Unavailable, (await hypervisor.InspectAsync(_plan.Id)).Result.Kind);
        Assert.Equal(OutcomeKind.Unavailable, (await hypervisor.SuspendAsync(_plan.Id)).Kind);
        Assert.Equal(OutcomeKind.Unavailable, (await hypervisor.RemoveAsync(_plan.Id)).Kind);
        Assert.Equal(OutcomeKind.Unavailable, (await Wait.For(waiting, "the waiting for life ends")).Result.Kind);

        _daemon.Start();

        await ToldAsync<HypervisorNews.Connected>(2);
        Assert.Null(hypervisor.Trouble);
        Assert.True((await hypervisor.ListAsync()).IsDone);
    }

    [Fact]
    public async Task Events_come_again_after_the_daemon_was_lost()
    {
        _daemon = new PrivateDaemon();
        var hypervisor = Begin(_daemon.Uri);
        await ToldAsync<HypervisorNews.Connected>(1);
        _daemon.Kill();
        await ToldAsync<HypervisorNews.Lost>(1);
        _daemon.Start();
        await ToldAsync<HypervisorNews.Connected>(2);
        Assert.True((await hypervisor.ProvisionAsync(_plan)).IsDone);
        await Wait.Until(() => Told(new HypervisorNews.Changed(_plan.Id, "Defined")), "the news of the definition");
    }

    [Fact]
    public async Task A_call_that_meets_the_loss_is_unavailable()
    {
        _daemon = new PrivateDaemon();
        var hypervisor = Begin(_daemon.Uri);
        await ToldAsync<HypervisorNews.Connected>(1);
        var looking = Task.Run(async () =>
        {
            while (true)
            {
                var seen = await hypervisor.InspectAsync(_plan.Id);
                if (!seen.IsDone)
                {
                    return seen.Result;
                }
            }
        });
        _daemon.Kill();
        Assert.Equal(OutcomeKind.Unavailable, (await Wait.For(looking, "a look that meets the loss")).Kind);
        Assert.NotNull(hypervisor.Trouble);
    }

    [Fact]
    public async Task A_daemon_that_is_not_there_is_told_once()
    {
        var hypervisor = Begin($"test+unix:///default?socket={Path.Combine(_directory.Path, "none")}");
        await ToldAsync<HypervisorNews.Lost>(1);
        Assert.Contains("libvirt cannot be reached", hypervisor.Trouble, StringComparison.Ordinal);
        Assert.Equal(OutcomeKind.Unavailable, (await hypervisor.ListAsync()).Result.Kind);
        await Wait.Until(() => hypervisor.Trouble!.Contains("none", StringComparison.Ordinal), "further attempts");
        Assert.Single(Snapshot().OfType<HypervisorNews.Lost>());
    }

    [Fact]
    public async Task A_daemon_that_does_not_answer_holds_nobody()
    {
        var path = Path.Combine(_directory.Path, "mute");
        using var mute = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        mute.Bind(new UnixDomainSocketEndPoint(path));
        mute.Listen();
        var hypervisor = Begin($"test+unix:///default?socket={path}", TimeSpan.FromMilliseconds(200));
        await Wait.Until(() => hypervisor.Trouble!.Contains("did not answer within 0.2 s", StringComparison.Ordinal), "the time limit");
        await Wait.Until(() => hypervisor.Trouble!.Contains("do not return", StringComparison.Ordinal), "no further threads");
        await Wait.For(hypervisor.DisposeAsync().AsTask(), "the end of the hypervisor");
    }

    [Fact]
    public async Task A_hypervisor_that_was_closed_says_so()
    {
        _daemon = new PrivateDaemon();
        var hypervisor = Begin(_daemon.Uri);
        await ToldAsync<HypervisorNews.Connected>(1);
        _daemon.Kill();
        await ToldAsync<HypervisorNews.Lost>(1);
        await hypervisor.DisposeAsync();
        Assert.Equal("the hypervisor was closed", hypervisor.Trouble);
        Assert.Equal(OutcomeKind.Unavailable, (await hypervisor.InspectAsync(_plan.Id)).Result.Kind);
    }

    private LibvirtHypervisor Begin(string uri, TimeSpan? readLimit = null)
    {
        var settings = new LibvirtSettings
        {
            Uri = uri,
            NodeName = Samples.Node,
            VmsDirectory = _directory.Path,
            VirtType = "test",
            ReconnectMin = TimeSpan.FromMilliseconds(20),
            ReconnectMax = TimeSpan.FromMilliseconds(100),
            ReadLimit = readLimit ?? TimeSpan.FromSeconds(10),
        };
        _hypervisor = new LibvirtHypervisor(settings, made => GuestImages.Find(made)! with { Architecture = "i686" }, TimeProvider.System);
        Assert.NotNull(_hypervisor.Trouble);
        _hypervisor.Begin(news =>
        {
            lock (_news)
            {
                _news.Add(news);
            }
        });
        return _hypervisor;
    }

    private List<HypervisorNews> Snapshot()
    {
        lock (_news)
        {
            return [.. _news];
        }
    }

    private bool Told(HypervisorNews news) => Snapshot().Contains(news);

    private Task ToldAsync<T>(int times)
        where T : HypervisorNews =>
        Wait.Until(() => Snapshot().OfType<T>().Count() >= times, $"{typeof(T).Name} for the {times}. time");
}
