using Hydravisor.Actors.Access.Agents;

namespace Hydravisor.Actors.Tests.Access.Agents;

public sealed class AgentBookTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    [Fact]
    public void An_agent_is_found_by_its_key()
    {
        var (book, agent, key) = WithOne("builder");

        var match = book.Find(key.Fingerprint, Now);

        Assert.Equal((agent, key), (match!.Agent, match.Key));
        Assert.Equal(key.Fingerprint, agent.Fingerprint);
        Assert.Null(book.Find(new string('0', 64), Now));
    }

    [Fact]
    public void A_revoked_agent_is_not_found_and_its_keys_are_gone()
    {
        var (book, agent, key) = WithOne("builder");

        var after = book.Revoke(agent.Fingerprint, Now + Day);

        Assert.Null(after.Find(key.Fingerprint, Now + Day));
        var revoked = Assert.Single(after.Agents);
        Assert.Equal(Now + Day, revoked.RevokedAt);
        Assert.Empty(revoked.Keys);
        Assert.NotNull(book.Find(key.Fingerprint, Now));
        Assert.Same(after, after.Revoke(agent.Fingerprint, Now + (2 * Day)));
    }

    [Fact]
    public void A_rotated_agent_stays_the_same_and_its_former_key_ends_with_the_overlap()
    {
        var (book, agent, first) = WithOne("builder");
        var second = AgentKey.New(Now);

        var after = book.Rotate(agent.Fingerprint, second, Day);

        Assert.Equal(agent.Fingerprint, after.Find(second.Fingerprint, Now)!.Agent.Fingerprint);
        Assert.NotNull(after.Find(first.Fingerprint, Now + Day - TimeSpan.FromTicks(1)));
        Assert.Null(after.Find(first.Fingerprint, Now + Day));
        Assert.NotNull(after.Find(second.Fingerprint, Now + (1000 * Day)));
    }

    [Fact]
    public void A_rotation_without_overlap_ends_the_former_key_at_once()
    {
        var (book, agent, first) = WithOne(null);

        var after = book.Rotate(agent.Fingerprint, AgentKey.New(Now), TimeSpan.Zero);

        Assert.Null(after.Find(first.Fingerprint, Now));
        Assert.Single(after.Get(agent.Fingerprint)!.Keys);
    }

    [Fact]
    public void A_further_rotation_drops_expired_keys_and_lengthens_no_life()
    {
        var (book, agent, first) = WithOne(null);
        var second = AgentKey.New(Now);
        var third = AgentKey.New(Now + (Day / 2));
        var fourth = AgentKey.New(Now + Day);

        var twice = book.Rotate(agent.Fingerprint, second, Day).Rotate(agent.Fingerprint, third, 2 * Day);

        Assert.Null(twice.Find(first.Fingerprint, Now + Day));
        Assert.NotNull(twice.Find(second.Fingerprint, Now + Day));
        Assert.Equal(
            [second.Fingerprint, third.Fingerprint, fourth.Fingerprint],
            twice.Rotate(agent.Fingerprint, fourth, Day).Get(agent.Fingerprint)!.Keys.Select(key => key.Fingerprint));
    }

    [Fact]
    public void An_agent_has_no_more_than_eight_valid_keys()
    {
        var (book, agent, _) = WithOne(null);
        for (var count = 1; count < AgentRules.KeysMax; count++)
        {
            book = book.Rotate(agent.Fingerprint, AgentKey.New(Now), Day);
        }

        Assert.Contains("an overlap of 0", Refused(() => book.Rotate(agent.Fingerprint, AgentKey.New(Now), Day)), StringComparison.Ordinal);
        Assert.Single(book.Rotate(agent.Fingerprint, AgentKey.New(Now), TimeSpan.Zero).Get(agent.Fingerprint)!.Keys);
        Assert.Equal(2, book.Rotate(agent.Fingerprint, AgentKey.New(Now + Day), Day).Get(agent.Fingerprint)!.Keys.Count);
    }

    [Fact]
    public void A_revoked_agent_gets_no_new_key()
    {
        var (book, agent, _) = WithOne("builder");

        var said = Refused(() => book.Revoke(agent.Fingerprint, Now).Rotate(agent.Fingerprint, AgentKey.New(Now), Day));

        Assert.Contains("is revoked", said, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_is_of_one_agent_until_that_is_revoked()
    {
        var (book, agent, _) = WithOne("builder");
        var other = Agent.New(AgentKey.New(Now), ["trusted"], "builder");

        Assert.Contains("\"builder\" is taken", Refused(() => book.Add(other)), StringComparison.Ordinal);

        var after = book.Revoke(agent.Fingerprint, Now).Add(other);
        Assert.Equal(other.Fingerprint, after.Resolve("builder").Fingerprint);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Upper")]
    [InlineData("with space")]
    [InlineData("line\n")]
    [InlineData("deadbeef")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaax")]
    public void A_wrong_name_is_refused(string name) =>
        Assert.Contains("cannot be an agent's name", Refused(() => AgentBook.Empty.Add(Agent.New(AgentKey.New(Now), ["trusted"], name))), StringComparison.Ordinal);

    [Theory]
    [InlineData("")]
    [InlineData("Upper")]
    [InlineData("line\n")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaax")]
    public void A_wrong_role_is_refused(string role) =>
        Assert.Contains("cannot be a role", Refused(() => AgentBook.Empty.Add(Agent.New(AgentKey.New(Now), [role], null))), StringComparison.Ordinal);

    [Fact]
    public void An_agent_without_roles_is_refused() =>
        Assert.Contains("1 to 16", Refused(() => AgentBook.Empty.Add(Agent.New(AgentKey.New(Now), [], null))), StringComparison.Ordinal);

    [Fact]
    public void A_person_names_an_agent_by_its_name_or_by_eight_digits_of_a_fingerprint()
    {
        var (book, agent, _) = WithOne("builder");
        var second = AgentKey.New(Now);
        book = book.Rotate(agent.Fingerprint, second, Day);

        Assert.All(
            ["builder", agent.Fingerprint, agent.Fingerprint[..8], agent.Fingerprint.ToUpperInvariant(), second.Fingerprint[..8]],
            text => Assert.Equal(agent.Fingerprint, book.Resolve(text).Fingerprint));
        Assert.All(
            ["build", agent.Fingerprint[..7], agent.Fingerprint + "0"],
            text => Assert.Contains($"there are: {agent.Fingerprint[..16]}… (builder)", Refused(() => book.Resolve(text)), StringComparison.Ordinal));
        Assert.Contains("there are no agents", Refused(() => AgentBook.Empty.Resolve("builder")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_beginning_that_several_have_names_none()
    {
        var first = AgentKey.New(Now);
        var one = Agent.New(first, ["trusted"], "one");
        // The keys' fingerprints cannot be chosen, but the identities can.
        var two = Agent.New(AgentKey.New(Now), ["trusted"], "two") with { Fingerprint = $"{first.Fingerprint[..63]}{(first.Fingerprint[63] == '0' ? '1' : '0')}" };
        var book = AgentBook.Of([one, two]);

        var said = Refused(() => book.Resolve(first.Fingerprint[..12]));

        Assert.Contains("may be 2 agents", said, StringComparison.Ordinal);
        Assert.Contains("(one)", said, StringComparison.Ordinal);
        Assert.Contains("(two)", said, StringComparison.Ordinal);
        Assert.Equal("one", book.Resolve(first.Fingerprint).Name);
    }

    [Fact]
    public void No_text_shows_a_key()
    {
        var (book, agent, key) = WithOne("builder");

        foreach (var text in (string[])[$"{key}", $"{agent}", $"{book}", $"{book.Find(key.Fingerprint, Now)}"])
        {
            Assert.DoesNotContain(Convert.ToBase64String(key.Key), text, StringComparison.Ordinal);
            Assert.DoesNotContain(Convert.ToHexString(key.Key), text, StringComparison.OrdinalIgnoreCase);
        }
    }

    private static (AgentBook Book, Agent Agent, AgentKey Key) WithOne(string? name)
    {
        var key = AgentKey.New(Now);
        var agent = Agent.New(key, ["trusted"], name);
        return (AgentBook.Empty.Add(agent), agent, key);
    }

    private static string Refused(Func<object> what) => Assert.Throws<AgentException>(what).Message;
}
