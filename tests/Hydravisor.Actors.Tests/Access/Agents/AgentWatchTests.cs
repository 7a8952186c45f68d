using System.Collections.Concurrent;
using System.Threading.Channels;
using Hydravisor.Actors.Access.Agents;

namespace Hydravisor.Actors.Tests.Access.Agents;

public sealed class AgentWatchTests : IDisposable
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly TemporaryDirectory _directory = new();
    private readonly RungTime _time = new();
    private readonly AgentFile _file;
    private readonly ConcurrentQueue<string> _reports = new();
    private readonly Channel<(AgentBook Old, AgentBook Now)> _changes = Channel.CreateUnbounded<(AgentBook, AgentBook)>();

    public AgentWatchTests() => _file = new AgentFile(_directory.Path, TimeProvider.System);

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_node_knows_of_an_added_and_of_a_revoked_agent_at_once()
    {
        await using var watch = await OpenAsync();
        await watch.StartAsync();

        var agent = await AddAsync();
        var added = await ChangeAsync();
        await _file.ChangeAsync(book => book.Revoke(agent.Fingerprint, Now));
        var revoked = await ChangeAsync();

        Assert.Empty(added.Old.Agents);
        Assert.NotNull(added.Now.Find(agent.Fingerprint, Now));
        Assert.Same(added.Now, revoked.Old);
        Assert.Null(revoked.Now.Find(agent.Fingerprint, Now));
        Assert.Same(revoked.Now, watch.Book);
    }

    [Fact]
    public async Task What_changed_before_the_start_is_told_with_it()
    {
        await using var watch = await OpenAsync();
        var agent = await AddAsync();
        Assert.Empty(watch.Book.Agents);

        await watch.StartAsync();

        Assert.NotNull(watch.Book.Find(agent.Fingerprint, Now));
        Assert.Single((await ChangeAsync()).Now.Agents);
    }

    [Fact]
    public async Task Who_asks_for_it_finds_the_change_in_force_at_once()
    {
        await using var watch = await OpenAsync();
        await AddAsync();

        await watch.LookAsync();

        Assert.Single(watch.Book.Agents);
        Assert.True(_changes.Reader.TryRead(out _));
        await watch.LookAsync();
        Assert.False(_changes.Reader.TryRead(out _));
    }

    [Fact]
    public async Task A_change_that_no_doorbell_told_of_is_found_by_the_clock()
    {
        await AddAsync();
        await using var watch = await OpenAsync();
        await watch.StartAsync();
        var agent = Assert.Single(watch.Book.Agents);
        // Written in place, which no name tells of.
        File.WriteAllBytes(_file.Path, AgentDocument.Write(watch.Book.Revoke(agent.Fingerprint, Now)));
        Assert.False(_changes.Reader.TryRead(out _));

        _time.Ring();

        var change = await ChangeAsync();
        Assert.NotNull(change.Now.Agents[0].RevokedAt);
        Assert.Equal(_file.LookEvery, _time.Period);
    }

    [Fact]
    public async Task A_damaged_file_changes_nothing_and_is_reported_once_until_it_is_mended()
    {
        var agent = await AddAsync();
        var whole = File.ReadAllBytes(_file.Path);
        await using var watch = await OpenAsync();

        Put("garbage"u8.ToArray());
        await watch.LookAsync();
        await watch.LookAsync();

        Assert.NotNull(watch.Book.Find(agent.Fingerprint, Now));
        Assert.Contains("stay in force", Assert.Single(_reports), StringComparison.Ordinal);
        Assert.Contains("is damaged", watch.Trouble, StringComparison.Ordinal);

        Put(whole);
        await watch.LookAsync();
        Assert.Null(watch.Trouble);
        Assert.False(_changes.Reader.TryRead(out _));
        Put("garbage"u8.ToArray());
        await watch.LookAsync();
        Assert.Equal(2, _reports.Count);
    }

    [Fact]
    public async Task A_file_that_others_may_read_by_now_changes_nothing()
    {
        await AddAsync();
        await using var watch = await OpenAsync();
        await AddAsync();
        File.SetUnixFileMode(_file.Path, Private | UnixFileMode.OtherRead);

        await watch.LookAsync();

        Assert.Single(watch.Book.Agents);
        Assert.Contains("chmod 600", Assert.Single(_reports), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_file_is_no_beginning()
    {
        Put("garbage"u8.ToArray());

        await Assert.ThrowsAsync<AgentException>(OpenAsync);
    }

    [Fact]
    public async Task A_file_that_is_gone_lets_nobody_in()
    {
        await AddAsync();
        await using var watch = await OpenAsync();
        await watch.StartAsync();

        File.Delete(_file.Path);

        Assert.Empty((await ChangeAsync()).Now.Agents);
    }

    [Fact]
    public async Task An_ended_watch_tells_nothing()
    {
        var watch = await OpenAsync();
        await watch.StartAsync();
        await watch.DisposeAsync();

        await AddAsync();
        await watch.LookAsync();
        _time.Ring();

        Assert.Empty(watch.Book.Agents);
        Assert.False(_changes.Reader.TryRead(out _));
    }

    private async Task<AgentWatch> OpenAsync()
    {
        var watch = await AgentWatch.OpenAsync(_file, _time, _reports.Enqueue);
        watch.Changed += (old, now) => _changes.Writer.TryWrite((old, now));
        return watch;
    }

    private Task<(AgentBook Old, AgentBook Now)> ChangeAsync() => Wait.For(_changes.Reader.ReadAsync().AsTask(), "a change of the agents");

    private async Task<Agent> AddAsync()
    {
        var agent = Agent.New(AgentKey.New(Now), ["trusted"], null);
        await _file.ChangeAsync(book => book.Add(agent));
        return agent;
    }

    private void Put(byte[] content)
    {
        File.WriteAllBytes(_file.Path, content);
        File.SetUnixFileMode(_file.Path, Private);
    }
}
