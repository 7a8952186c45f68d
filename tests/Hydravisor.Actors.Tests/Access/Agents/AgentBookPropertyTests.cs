using CsCheck;
using Hydravisor.Actors.Access.Agents;

namespace Hydravisor.Actors.Tests.Access.Agents;

public sealed class AgentBookPropertyTests
{
    private static readonly DateTimeOffset Begin = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private enum Act
    {
        Add,
        Rotate,
        Revoke,
        Freeze,
        Thaw,
    }

    // What happens to which agent, how many hours later, with how many hours of overlap.
    private static readonly Gen<(Act Act, int Whom, int Later, int Overlap)[]> Lives =
        Gen.Select(Gen.Enum<Act>(), Gen.Int[0, 5], Gen.Int[0, 30], Gen.Int[0, 48]).Array[0, 40];

    [Fact]
    public void Whatever_happens_the_keys_that_let_in_are_those_that_should_and_the_file_forgets_nothing() => Lives.Sample(life =>
    {
        var (book, now) = (AgentBook.Empty, Begin);
        var ends = new Dictionary<string, (string Agent, DateTimeOffset End)>();
        foreach (var (act, whom, later, overlap) in life)
        {
            now = now.AddHours(later);
            var key = AgentKey.New(now);
            var agent = book.Agents.Count == 0 ? null : book.Agents[whom % book.Agents.Count];
            if (act == Act.Add || agent is null)
            {
                book = book.Add(Agent.New(key, ["trusted", "audited"], null));
                ends[key.Fingerprint] = (key.Fingerprint, DateTimeOffset.MaxValue);
            }
            else if (act == Act.Revoke)
            {
                book = book.Revoke(agent.Fingerprint, now);
                EndKeysOf(agent.Fingerprint, now);
            }
            else if (act is Act.Freeze or Act.Thaw)
            {
                // Its keys stay what they are, and whether it is frozen is no matter of theirs.
                book = act == Act.Freeze ? book.Freeze(agent.Fingerprint, now) : book.Thaw(agent.Fingerprint);
                Assert.Equal(act == Act.Freeze ? agent.FrozenAt ?? now : null, book.Get(agent.Fingerprint)!.FrozenAt);
            }
            else if (agent.RevokedAt is null && agent.Keys.Count(each => each.IsValid(now)) < AgentRules.KeysMax)
            {
                book = book.Rotate(agent.Fingerprint, key, TimeSpan.FromHours(overlap));
                EndKeysOf(agent.Fingerprint, now.AddHours(overlap));
                ends[key.Fingerprint] = (agent.Fingerprint, DateTimeOffset.MaxValue);
            }
        }

        var again = AgentDocument.Read(AgentDocument.Write(book));
        foreach (var (key, (agent, end)) in ends)
        {
            foreach (var at in (DateTimeOffset[])[now, now.AddHours(24)])
            {
                Assert.Equal(at < end ? agent : null, book.Find(key, at)?.Agent.Fingerprint);
                Assert.Equal(book.Find(key, at)?.Key, again.Find(key, at)?.Key);
            }
        }

        Assert.Equal(book.Agents.Select(agent => agent.FrozenAt), again.Agents.Select(agent => agent.FrozenAt));
        Assert.Equal(AgentDocument.Write(book), AgentDocument.Write(again));

        void EndKeysOf(string agent, DateTimeOffset end)
        {
            foreach (var (key, value) in ends.Where(pair => pair.Value.Agent == agent && pair.Value.End > end).ToList())
            {
                ends[key] = value with { End = end };
            }
        }
    }, iter: 300);

    [Fact]
    public void A_file_that_was_cut_or_is_garbage_is_refused_without_a_word_of_the_keys()
    {
        var key = AgentKey.New(Begin);
        var whole = AgentDocument.Write(AgentBook.Empty.Add(Agent.New(key, ["trusted"], "builder")));
        Gen.Select(Gen.Int[0, whole.Length - 3], Gen.Byte.Array[0, 8]).Sample((cut, tail) =>
        {
            var said = Assert.Throws<AgentException>(() => AgentDocument.Read([.. whole.AsSpan(0, cut), 0, .. tail])).Message;

            Assert.Contains("damaged", said, StringComparison.Ordinal);
            Assert.DoesNotContain(Convert.ToBase64String(key.Key)[..8], said, StringComparison.Ordinal);
        });
    }
}
