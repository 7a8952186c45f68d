using System.Runtime.InteropServices;
using Hydravisor.Host.Serve;

namespace Hydravisor.Host.Tests;

/// <summary>The signals that end a node.</summary>
public class StopSignalsTests
{
    [Theory]
    [InlineData(PosixSignal.SIGTERM)]
    [InlineData(PosixSignal.SIGINT)]
    public void A_signal_ends_the_node_and_not_the_process_under_it(PosixSignal signal)
    {
        using var signals = new StopSignals();
        var wanted = signals.Wanted;
        Assert.False(wanted.IsCancellationRequested);
        var heard = new PosixSignalContext(signal);
        signals.Hear(heard);
        Assert.True(heard.Cancel);
        Assert.True(wanted.IsCancellationRequested);
    }

    // The system calls its handlers one after the other: ours may have its turn when the node, which another one ended, is gone.
    [Fact]
    public void A_signal_whose_turn_comes_after_the_end_does_no_harm()
    {
        var signals = new StopSignals();
        signals.Dispose();
        var heard = new PosixSignalContext(PosixSignal.SIGTERM);
        signals.Hear(heard);
        Assert.True(heard.Cancel);
        Assert.True(signals.Wanted.IsCancellationRequested);
    }
}
