using System.Runtime.InteropServices;
using Hydravisor.Host.Serve;

namespace Hydravisor.Host.Tests;

/// <summary>What people tell a node by signals.</summary>
public class NodeSignalsTests
{
    [Theory]
    [InlineData(PosixSignal.SIGTERM, true)]
    [InlineData(PosixSignal.SIGINT, true)]
    [InlineData(PosixSignal.SIGHUP, false)]
    public void A_signal_is_the_nodes_affair_and_does_not_end_the_process_under_it(PosixSignal signal, bool ends)
    {
        using var signals = new NodeSignals();
        Hear(signals, signal);
        Assert.Equal(ends, signals.StopWanted.IsCancellationRequested);
    }

    // The system calls its handlers one after the other: ours may have its turn when the node, which another one ended, is gone.
    [Theory]
    [InlineData(PosixSignal.SIGTERM)]
    [InlineData(PosixSignal.SIGINT)]
    [InlineData(PosixSignal.SIGHUP)]
    public void A_signal_whose_turn_comes_after_the_end_does_no_harm(PosixSignal signal)
    {
        var signals = new NodeSignals();
        var reloads = 0;
        signals.OnReload(() => reloads++).Dispose();
        signals.Dispose();
        Hear(signals, signal);
        Assert.Equal(0, reloads);
    }

    [Fact]
    public void Each_reload_that_is_wanted_is_done_once()
    {
        using var signals = new NodeSignals();
        var reloads = 0;
        using var listening = signals.OnReload(() => reloads++);
        Assert.Equal(0, reloads);
        Hear(signals, PosixSignal.SIGHUP);
        Assert.Equal(1, reloads);
        Hear(signals, PosixSignal.SIGHUP);
        Assert.Equal(2, reloads);
    }

    [Fact]
    public void A_reload_that_was_wanted_before_a_life_began_is_done_as_soon_as_it_can_be()
    {
        using var signals = new NodeSignals();
        Hear(signals, PosixSignal.SIGHUP);
        Hear(signals, PosixSignal.SIGHUP);
        var (first, second, third) = (0, 0, 0);
        signals.OnReload(() => first++).Dispose();
        Assert.Equal(1, first);
        Hear(signals, PosixSignal.SIGHUP);
        signals.OnReload(() => second++).Dispose();
        signals.OnReload(() => third++).Dispose();
        Assert.Equal((1, 1, 0), (first, second, third));
    }

    private static void Hear(NodeSignals signals, PosixSignal signal)
    {
        var heard = new PosixSignalContext(signal);
        signals.Hear(heard);
        Assert.True(heard.Cancel);
    }
}
