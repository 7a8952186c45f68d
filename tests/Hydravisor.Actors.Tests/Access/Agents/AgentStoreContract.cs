using Hydravisor.Actors.Access.Agents;
using Hydravisor.Client.Tests;

namespace Hydravisor.Actors.Tests.Access.Agents;

/// <summary>What holds of agents wherever they are kept.</summary>
public abstract class AgentStoreContract
{
    private protected static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private IAgentStore? _store;

    private protected IAgentStore Store => _store ??= Open();

    /// <summary>The same agents, as another process finds them.</summary>
    private protected abstract IAgentStore Open();

    [Fact]
    public async Task At_first_there_are_no_agents() => Assert.Empty((await Store.ReadAsync()).Agents);

    [Fact]
    public async Task Agents_outlive_the_process_with_their_keys()
    {
        var key = AgentKey.New(Now);
        await AddAsync(key, "builder");

        var match = (await Open().ReadAsync()).Find(key.Fingerprint, Now);

        Assert.Equal("builder", match!.Agent.Name);
        Assert.True(match.Key.Key.SequenceEqual(key.Key));
    }

    [Fact]
    public async Task A_certificate_is_kept_as_a_key_is_and_ends_by_itself()
    {
        using var authority = new TestAuthority();
        using var certificate = authority.Agent(until: new DateTimeOffset(2027, 5, 4, 3, 2, 1, TimeSpan.Zero));
        var key = AgentKey.OfCertificate(certificate.RawData, Now);
        await AddAsync(key, "by-certificate");

        var match = (await Open().ReadAsync()).Find(key.Fingerprint, Now);

        Assert.True(match!.Key.IsCertificate && match.Key.Certificate.SequenceEqual(certificate.RawData) && match.Key.Key.IsEmpty);
        Assert.Equal(new DateTimeOffset(2027, 5, 4, 3, 2, 1, TimeSpan.Zero), match.Key.ExpiresAt);
        Assert.Null((await Store.ReadAsync()).Find(key.Fingerprint, match.Key.ExpiresAt!.Value));
        await Store.ChangeAsync(book => book.Rotate(key.Fingerprint, AgentKey.New(Now), TimeSpan.FromHours(1)));
        Assert.Equal(Now.AddHours(1), (await Store.ReadAsync()).Find(key.Fingerprint, Now)!.Key.ExpiresAt);
    }

    [Fact]
    public async Task A_rotated_agent_has_both_keys_wherever_it_is_looked_at()
    {
        var (first, second) = (AgentKey.New(Now), AgentKey.New(Now));
        await AddAsync(first);
        await Open().ChangeAsync(book => book.Rotate(first.Fingerprint, second, TimeSpan.FromHours(1)));

        var book = await Open().ReadAsync();

        Assert.Same(book.Find(first.Fingerprint, Now)!.Agent, book.Find(second.Fingerprint, Now)!.Agent);
        Assert.Null(book.Find(first.Fingerprint, Now.AddHours(2)));
    }

    [Fact]
    public async Task What_is_as_it_was_is_not_read_again()
    {
        var empty = await Store.ReadSinceAsync(null);
        await AddAsync(AgentKey.New(Now));
        var first = await Store.ReadSinceAsync(empty!.Stamp);
        await Open().ChangeAsync(book => book);

        Assert.Null(await Store.ReadSinceAsync(first!.Stamp));
        await Open().ChangeAsync(book => book.Freeze(book.Agents[0].Fingerprint, Now));
        Assert.NotNull(Assert.Single((await Store.ReadSinceAsync(first.Stamp))!.Book.Agents).FrozenAt);
    }

    [Fact]
    public async Task A_change_that_is_refused_leaves_all_as_it_was()
    {
        await AddAsync(AgentKey.New(Now), "builder");
        var before = await Store.ReadSinceAsync(null);

        Assert.Contains("is taken", (await Assert.ThrowsAsync<AgentException>(() => AddAsync(AgentKey.New(Now), "builder"))).Message, StringComparison.Ordinal);

        Assert.Null(await Open().ReadSinceAsync(before!.Stamp));
        await AddAsync(AgentKey.New(Now), "other");
    }

    [Fact]
    public async Task Many_who_change_at_once_lose_nothing_and_a_reader_sees_whole_books_only()
    {
        const int Writers = 6;
        const int Each = 5;
        using var done = new CancellationTokenSource();
        var reader = Task.Run(async () =>
        {
            var seen = 0;
            while (!done.IsCancellationRequested)
            {
                var now = (await Open().ReadAsync()).Agents.Count;
                Assert.True(now >= seen, $"{now} agents after {seen}");
                seen = now;
            }
        });

        await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
        {
            var store = Open();
            for (var number = 0; number < Each; number++)
            {
                await store.ChangeAsync(book => book.Add(Agent.New(AgentKey.New(Now), ["trusted"], $"agent-{writer}-{number}")));
            }
        })));
        await done.CancelAsync();
        await Wait.For(reader, "the reader's end");

        Assert.Equal(Writers * Each, (await Store.ReadAsync()).Agents.Count);
    }

    private protected Task<AgentBook> AddAsync(AgentKey key, string? name = null) => Store.ChangeAsync(book => book.Add(Agent.New(key, ["trusted"], name)));
}
