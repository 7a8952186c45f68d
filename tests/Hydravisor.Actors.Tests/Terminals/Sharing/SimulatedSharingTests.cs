using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Simulated;
using Hydravisor.Actors.Terminals.Sharing;
using Hydravisor.Actors.Terminals.Simulated;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Tests.Terminals.Sharing;

/// <summary>Terminals that are shared, over simulated ones.</summary>
public sealed class SimulatedSharingTests : IAsyncLifetime
{
    private readonly TemporaryDirectory _directory = new();
    private readonly SimulatedTerminals _terminals = new();
    private readonly FileSimulatedHypervisor _hypervisor;
    private readonly NodeTerminals _node;
    private Outcome _refusal = Outcome.Done;

    public SimulatedSharingTests()
    {
        _hypervisor = new FileSimulatedHypervisor(new SimulatedSettings(_directory.Path), TimeProvider.System);
        _node = new NodeTerminals(
            _terminals,
            _hypervisor,
            async id => _refusal.IsDone ? (await _terminals.EnsureAsync(id, _hypervisor.ConsoleCommand(id))).Result : _refusal,
            TimeProvider.System,
            new SharingSettings { RetryPause = TimeSpan.FromMilliseconds(20), RingBytesMax = 2000 });
    }

    public async Task InitializeAsync()
    {
        _hypervisor.Begin(_ => { });
        await Wait.Until(() => _hypervisor.Trouble is null, "the hypervisor");
        Assert.True((await _hypervisor.ProvisionAsync(Samples.Plan())).IsDone);
        Assert.True((await _hypervisor.StartAsync(Samples.Plan(), 1)).IsDone);
    }

    public async Task DisposeAsync()
    {
        await _node.DisposeAsync();
        await _hypervisor.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public async Task Those_who_came_early_and_late_see_the_same()
    {
        using var early = Join(TerminalRole.Operator);
        await early.ShowsAsync("hydravisor: ready");
        await early.TypeAsync("one\r");
        await early.ShowsAsync("one\r\n");
        using var late = Join(TerminalRole.Auditor);
        await late.ShowsAsync("one\r\n");
        await early.TypeAsync("two\r");
        await late.ShowsAsync("one\r\ntwo\r\n");
        await early.ShowsAsync("one\r\ntwo\r\n");
        Assert.Equal((1, 1), (early.Resets, late.Resets));
        Assert.Single(_terminals.Faults.Calls, call => call.Name == "Tap");
    }

    [Fact]
    public async Task A_terminal_that_is_lost_or_not_there_yet_comes_back()
    {
        _refusal = Outcome.Unavailable("not yet");
        using var one = Join(TerminalRole.Operator);
        _refusal = Outcome.Done;
        await one.ShowsAsync("Linux version");
        _terminals.Lose(Samples.Id);
        await Wait.Until(() => one.Resets == 2, "a new screen");
        Assert.Null(one.Viewer.Ended);
    }

    [Fact]
    public async Task A_terminal_that_is_refused_ended_or_left_says_why()
    {
        using var one = Join(TerminalRole.Operator);
        await one.ShowsAsync("Linux version");
        await _node.EndAsync(Samples.Id, "the VM was deleted");
        await Wait.Until(() => one.Viewer.Ended == "the VM was deleted", "the end");
        Assert.False((await one.Viewer.TypeAsync(new byte[] { 1 })).IsDone);
        _refusal = Outcome.Failed("there is no such VM");
        using var two = Join(TerminalRole.Auditor);
        await Wait.Until(() => two.Viewer.Ended == "there is no such VM", "the refusal");
        two.Dispose();
        Assert.NotNull(two.Viewer.Ended);
    }

    [Fact]
    public async Task One_who_took_nothing_for_long_gets_a_screen_and_then_what_is_new()
    {
        using var fast = Join(TerminalRole.Operator);
        using var slow = _node.Attach(Samples.Id, TerminalRole.Auditor, null, () => { });
        await Wait.Until(() => slow.TryTake(out _), "the first screen");
        foreach (var number in Enumerable.Range(0, 40))
        {
            await fast.TypeAsync($"line {number} {new string('x', 60)}\r");
            await fast.ShowsAsync($"line {number} ");
        }

        ReadOnlyMemory<byte> lines = default;
        await Wait.Until(() => slow.TryTake(out lines), "a screen");
        Assert.Contains("\"reset\":true", System.Text.Encoding.ASCII.GetString(lines.Span), StringComparison.Ordinal);
    }

    private Watcher Join(TerminalRole role) => new(_node, Samples.Id, role);
}
