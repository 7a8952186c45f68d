using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Terminals;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Tests.Terminals;

/// <summary>What every form of <see cref="ITerminals"/> must do. A form's tests inherit it.</summary>
public abstract class TerminalsContract : IAsyncLifetime
{
    private static readonly string[] Console = ["sh", "-c", "echo hello; exec cat"];

    internal ITerminals Terminals { get; private set; } = null!;

    /// <summary>Terminals over the same world: as another process would see them, or the same once more.</summary>
    private protected abstract ITerminals Create();

    private protected abstract Task CleanUpAsync();

    public Task InitializeAsync()
    {
        Terminals = Create();
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await Terminals.CloseAsync(Samples.Id);
        await Terminals.CloseAsync(Samples.OtherId);
        await CleanUpAsync();
    }

    [Fact]
    public async Task A_session_bears_the_domains_name_and_says_how_to_attach()
    {
        var session = await EnsureAsync(Samples.Id);
        Assert.Equal(DomainPlan.DomainName(Samples.Id), session.Session);
        Assert.NotEqual("", session.Operator);
        Assert.NotEqual(session.Operator, session.Auditor);
    }

    [Fact]
    public async Task Ensuring_twice_is_the_same_session()
    {
        var first = await EnsureAsync(Samples.Id);
        Assert.Equal(first, await EnsureAsync(Samples.Id));
        Assert.Equal([Samples.Id], await ListAsync());
    }

    [Fact]
    public async Task Many_at_once_for_one_vm_make_one_session()
    {
        var sessions = await Wait.For(Task.WhenAll(Enumerable.Range(0, 8).Select(_ => EnsureAsync(Samples.Id))), "eight sessions");
        Assert.Single(sessions.Distinct());
        Assert.Equal([Samples.Id], await ListAsync());
    }

    [Fact]
    public async Task Each_vm_has_its_own_session_and_closing_one_leaves_the_other()
    {
        await EnsureAsync(Samples.Id);
        await EnsureAsync(Samples.OtherId);
        Assert.Equal([Samples.Id, Samples.OtherId], (await ListAsync()).OrderBy(id => id.Value));
        Assert.True((await Terminals.CloseAsync(Samples.Id)).IsDone);
        Assert.Equal([Samples.OtherId], await ListAsync());
    }

    [Fact]
    public async Task Closing_what_is_not_there_is_done()
    {
        Assert.True((await Terminals.CloseAsync(Samples.Id)).IsDone);
        await EnsureAsync(Samples.Id);
        Assert.True((await Terminals.CloseAsync(Samples.Id)).IsDone);
        Assert.True((await Terminals.CloseAsync(Samples.Id)).IsDone);
        Assert.Empty(await ListAsync());
    }

    [Fact]
    public async Task A_closed_session_can_be_opened_again()
    {
        await EnsureAsync(Samples.Id);
        await Terminals.CloseAsync(Samples.Id);
        await EnsureAsync(Samples.Id);
        Assert.Equal([Samples.Id], await ListAsync());
    }

    [Fact]
    public async Task Nothing_is_listed_at_first() => Assert.Empty(await ListAsync());

    [Fact]
    public async Task A_tap_gives_the_screen_and_then_what_is_written()
    {
        using var console = new FollowedConsole();
        await EnsureAsync(Samples.Id, console.Command);
        await console.WriteAsync("before\n");
        var sink = new RecordingSink();
        await using var tap = await TappedAsync(sink);
        await Wait.Until(
            () =>
            {
                tap.AskScreen();
                return sink.Screen.Contains("before", StringComparison.Ordinal);
            },
            "a screen with what was there");
        await console.WriteAsync("after \\ \u00e9\n");
        await Wait.Until(() => sink.Output.Contains("after \\ \u00e9", StringComparison.Ordinal), "what was written");
        await tap.DisposeAsync();
        Assert.Equal(TapEnd.Disposed, await Wait.For(sink.Ended, "the end"));
    }

    [Fact]
    public async Task A_tap_is_told_when_the_size_is_another()
    {
        using var console = new FollowedConsole();
        await EnsureAsync(Samples.Id, console.Command);
        var sink = new RecordingSink();
        await using var tap = await TappedAsync(sink);
        tap.Resize(101, 31);
        await Wait.Until(() => sink.Changes > 0, "the change");
        tap.AskScreen();
        await Wait.Until(() => sink.Size == (101, 31), "a screen of that size");
    }

    [Fact]
    public async Task Closing_a_session_ends_its_taps_and_loses_nothing()
    {
        using var console = new FollowedConsole();
        await EnsureAsync(Samples.Id, console.Command);
        var lost = 0;
        Terminals.Lost += _ => Interlocked.Increment(ref lost);
        var sink = new RecordingSink();
        await using var tap = await TappedAsync(sink);
        await Terminals.CloseAsync(Samples.Id);
        Assert.Equal(TapEnd.Closed, await Wait.For(sink.Ended, "the end"));
        Assert.Equal(0, lost);
    }

    [Fact]
    public async Task Where_there_is_no_session_there_is_no_tap() =>
        Assert.Equal(OutcomeKind.Unavailable, (await Terminals.TapAsync(Samples.Id, new RecordingSink())).Result.Kind);

    private async Task<ITerminalTap> TappedAsync(RecordingSink sink)
    {
        var tap = await Terminals.TapAsync(Samples.Id, sink);
        Assert.True(tap.IsDone, tap.Result.Reason);
        return tap.Value!;
    }

    private protected async Task<TerminalSession> EnsureAsync(InstanceId id, params string[] console)
    {
        var session = await Terminals.EnsureAsync(id, console.Length == 0 ? Console : console);
        Assert.True(session.IsDone, session.Result.Reason);
        return session.Value!;
    }

    private protected async Task<IReadOnlyList<InstanceId>> ListAsync()
    {
        var list = await Terminals.ListAsync();
        Assert.True(list.IsDone, list.Result.Reason);
        return list.Value!;
    }
}
