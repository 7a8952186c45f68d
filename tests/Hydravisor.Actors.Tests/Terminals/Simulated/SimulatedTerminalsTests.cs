using Hydravisor.Actors.Terminals;
using Hydravisor.Actors.Terminals.Simulated;

namespace Hydravisor.Actors.Tests.Terminals.Simulated;

public sealed class SimulatedTerminalsInMemoryTests : TerminalsContract
{
    private protected override ITerminals Create() => new SimulatedTerminals();

    private protected override Task CleanUpAsync() => Task.CompletedTask;
}

public sealed class SimulatedTerminalsInFilesTests : TerminalsContract
{
    private readonly TemporaryDirectory _directory = new();

    private protected override ITerminals Create() => new SimulatedTerminals(_directory.Path);

    private protected override Task CleanUpAsync()
    {
        _directory.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Sessions_outlive_the_process()
    {
        await EnsureAsync(Samples.Id);
        var next = await Create().ListAsync();
        Assert.Equal([Samples.Id], next.Value);
    }
}
