using Hydravisor.Actors.Access.Agents;

namespace Hydravisor.Actors.Tests.Access.Agents;

/// <summary>What becomes of agents that were kept in two places.</summary>
public sealed class AgentMergeTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly Agent _agent = Agent.New(AgentKey.New(Now), ["trusted", "audited"], "builder");

    private AgentBook One => AgentBook.Empty.Add(_agent);

    [Fact]
    public void Those_of_both_are_there_and_those_that_were_come_first()
    {
        var other = Agent.New(AgentKey.New(Now), ["trusted"], null);

        var merged = One.Merge(AgentBook.Empty.Add(other));

        Assert.Equal([_agent, other], merged.Agents);
    }

    [Fact]
    public void The_same_agent_in_both_changes_nothing()
    {
        var same = _agent with { Roles = ["audited", "trusted"], CreatedAt = Now.AddDays(1), Keys = [AgentKey.Of(_agent.Keys[0].Key, Now.AddDays(1))] };
        var book = One;

        Assert.Same(book, book.Merge(AgentBook.Empty.Add(same)));
        Assert.Same(book, book.Merge(AgentBook.Empty));
    }

    [Fact]
    public void Revoked_or_frozen_in_one_it_is_so_in_both()
    {
        foreach (var (one, other) in new[] { (One, One.Revoke(_agent.Fingerprint, Now)), (One.Revoke(_agent.Fingerprint, Now), One) })
        {
            var merged = one.Merge(other);
            Assert.Equal(Now, merged.Get(_agent.Fingerprint)!.RevokedAt);
            Assert.Empty(merged.Get(_agent.Fingerprint)!.Keys);
        }

        foreach (var (one, other) in new[] { (One, One.Freeze(_agent.Fingerprint, Now)), (One.Freeze(_agent.Fingerprint, Now), One.Freeze(_agent.Fingerprint, Now.AddDays(1))) })
        {
            Assert.Equal(Now, one.Merge(other).Get(_agent.Fingerprint)!.FrozenAt);
        }
    }

    [Fact]
    public void One_with_other_keys_is_refused() => MustRefuse(One.Rotate(_agent.Fingerprint, AgentKey.New(Now), TimeSpan.FromHours(1)), "has other keys");

    [Fact]
    public void One_whose_key_ends_at_another_time_is_refused() =>
        MustRefuse(AgentBook.Empty.Add(_agent with { Keys = [_agent.Keys[0].EndingBy(Now.AddDays(1))] }), "has other keys");

    [Fact]
    public void One_with_other_roles_is_refused() => MustRefuse(AgentBook.Empty.Add(_agent with { Roles = ["trusted"] }), "has other roles");

    [Fact]
    public void One_with_another_name_is_refused() => MustRefuse(AgentBook.Empty.Add(_agent with { Name = "other" }), "has another name");

    [Fact]
    public void Another_agent_of_the_same_name_is_refused() =>
        MustRefuse(AgentBook.Empty.Add(Agent.New(AgentKey.New(Now), ["trusted"], "builder")), "is taken");

    private void MustRefuse(AgentBook other, string said)
    {
        var message = Assert.Throws<AgentException>(() => One.Merge(other)).Message;
        Assert.Contains(said, message, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToBase64String(_agent.Keys[0].Key), message, StringComparison.Ordinal);
    }
}
