using Hydravisor.Actors.Setup;
using Hydravisor.Actors.Tests.Access.Agents;
using Hydravisor.Host.Serve;

namespace Hydravisor.Host.Tests;

/// <summary>A node that was given up begins anew, whatever is in its way.</summary>
public sealed class NodeLivesTests
{
    private readonly RungTime _time = new();
    private readonly List<string> _told = [];

    [Fact]
    public async Task One_that_was_given_up_begins_anew_until_it_is_told_to_end() =>
        Assert.Equal((NodeEnd.AsTold, 3), await LiveAsync(() => NodeEnd.GivenUp, () => NodeEnd.GivenUp, () => NodeEnd.AsTold));

    [Fact]
    public async Task What_keeps_it_from_beginning_anew_passes_and_is_said()
    {
        var (end, lives) = await LiveAsync(
            () => NodeEnd.GivenUp, () => throw new SettingException("the journal cannot be used"), () => throw new InvalidOperationException("a defect"),
            () => throw new OperationCanceledException("its actors ended while it started"), () => NodeEnd.AsTold);
        Assert.Equal((NodeEnd.AsTold, 5), (end, lives));
        Assert.Collection(
            _told,
            first => Assert.StartsWith("the journal cannot be used; tried again in ", first, StringComparison.Ordinal),
            second => Assert.Contains("System.InvalidOperationException: a defect", second, StringComparison.Ordinal),
            third => Assert.Contains("its actors ended while it started", third, StringComparison.Ordinal));
    }

    [Fact]
    public async Task One_that_never_began_says_why_and_ends()
    {
        await Assert.ThrowsAsync<SettingException>(() => LiveAsync(() => throw new SettingException("no such directory")));
        Assert.Empty(_told);
    }

    [Fact]
    public async Task One_that_is_to_end_does_not_begin_anew()
    {
        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAsync<SettingException>(() => LiveAsync(stop.Token, () => NodeEnd.GivenUp, () =>
        {
            stop.Cancel();
            throw new SettingException("the journal cannot be used");
        }));
        Assert.Empty(_told);
    }

    private Task<(NodeEnd End, int Lives)> LiveAsync(params Func<NodeEnd>[] lives) => LiveAsync(CancellationToken.None, lives);

    private async Task<(NodeEnd End, int Lives)> LiveAsync(CancellationToken stop, params Func<NodeEnd>[] lives)
    {
        var lived = 0;
        var running = new NodeLives(_time, told =>
        {
            _told.Add(told);
            return Task.CompletedTask;
        }).RunAsync(() => Task.FromResult(lives[lived++]()), stop);
        while (!running.IsCompleted)
        {
            // Whatever it waits for has come.
            _time.Ring();
            await Task.Yield();
        }

        return (await running, lived);
    }
}
