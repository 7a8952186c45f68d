using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hydravisor.Actors.Access.Agents;
using Spectre.Console;

namespace Hydravisor.Host.Verbs;

/// <summary>Agents on stdout: a table or lines for people, objects for programs.</summary>
internal sealed class AgentOutput(VerbEnvironment environment, bool json)
{
    // base64 has + in it, which stands as it is where no web page is near.
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>An agent's new key: the only time that it is shown.</summary>
    /// <param name="agent">The agent.</param>
    /// <param name="key">The key.</param>
    /// <param name="formerUntil">Until when a former key of it is valid yet; null: none is.</param>
    public void KeyOnce(Agent agent, AgentKey key, DateTimeOffset? formerUntil)
    {
        var secret = key.IsCertificate ? null : Convert.ToBase64String(key.Key);
        if (json)
        {
            var node = new JsonObject
            {
                ["fingerprint"] = agent.Fingerprint,
                ["key_fingerprint"] = key.Fingerprint,
                ["roles"] = Words(agent.Roles),
                ["name"] = agent.Name,
            };
            node[secret is null ? "expires_at" : "key"] = secret ?? Instant(key.ExpiresAt!.Value);
            if (formerUntil is { } end)
            {
                node["former_keys_until"] = Instant(end);
            }

            environment.Output.WriteLine(node.ToJsonString(Plain));
            return;
        }

        environment.Output.WriteLine($"agent            {agent.Fingerprint}");
        if (agent.Name is not null)
        {
            environment.Output.WriteLine($"name             {agent.Name}");
        }

        environment.Output.WriteLine($"roles            {string.Join(' ', agent.Roles)}");
        if (secret is null)
        {
            environment.Output.WriteLine($"certificate      {key.Fingerprint}");
            environment.Output.WriteLine($"valid until      {PlainTable.Time(key.ExpiresAt!.Value)}");
        }
        else
        {
            environment.Output.WriteLine($"key              {secret}");
            environment.Output.WriteLine($"key fingerprint  {key.Fingerprint}");
            environment.Error.WriteLine(
                $"The key is shown this once: give it to the agent and to nobody else. If it is lost: hydravisor agent rotate {agent.Name ?? agent.Fingerprint[..16]}");
        }

        if (formerUntil is { } until)
        {
            environment.Error.WriteLine($"Its former keys are valid until {PlainTable.Time(until)}.");
        }
    }

    /// <summary>All of these, without their keys.</summary>
    public void List(IReadOnlyList<Agent> agents)
    {
        var now = environment.Time.GetUtcNow();
        if (json)
        {
            environment.Output.WriteLine(new JsonArray([.. agents.Select(agent => Node(agent, now))]).ToJsonString(Plain));
            return;
        }

        if (agents.Count == 0)
        {
            environment.Error.WriteLine("There are no agents. To add one: hydravisor agent add --role sandboxed");
            return;
        }

        var table = PlainTable.Of("FINGERPRINT", "NAME", "ROLES", "CREATED", "STATE");

        foreach (var agent in agents)
        {
            table.AddRow(
                new Text(agent.Fingerprint),
                new Text(agent.Name ?? "-"),
                new Text(string.Join(' ', agent.Roles)),
                new Text(PlainTable.Time(agent.CreatedAt)),
                new Text(State(agent, now)));
        }

        environment.Show(table);
    }

    private static JsonObject Node(Agent agent, DateTimeOffset now) => new JsonObject
    {
        ["fingerprint"] = agent.Fingerprint,
        ["name"] = agent.Name,
        ["roles"] = Words(agent.Roles),
        ["created_at"] = Instant(agent.CreatedAt),
        ["revoked_at"] = agent.RevokedAt is { } at ? Instant(at) : null,
        ["frozen_at"] = agent.FrozenAt is { } since ? Instant(since) : null,
        ["keys"] = new JsonArray([.. agent.Keys.Select(key => new JsonObject
        {
            ["fingerprint"] = key.Fingerprint,
            ["kind"] = key.IsCertificate ? "certificate" : "secret",
            ["created_at"] = Instant(key.CreatedAt),
            ["expires_at"] = key.ExpiresAt is { } end ? Instant(end) : null,
            ["valid"] = key.IsValid(now),
        })]),
    };

    private static string State(Agent agent, DateTimeOffset now) =>
        agent.FrozenAt is { } since ? $"{(agent.RevokedAt is null ? "" : "revoked, ")}frozen {PlainTable.Time(since)}"
        : agent.RevokedAt is { } at ? $"revoked {PlainTable.Time(at)}"
        : agent.Keys.Count == 0 ? "no key"
        : !agent.Keys[^1].IsValid(now) ? $"expired {PlainTable.Time(agent.Keys[^1].ExpiresAt!.Value)}"
        : (agent.Keys[^1].ExpiresAt is { } last ? $"active until {PlainTable.Time(last)}" : "active")
            + (agent.Keys.SkipLast(1).Where(key => key.IsValid(now)).Max(key => key.ExpiresAt) is { } end ? $", former keys until {PlainTable.Time(end)}" : "");

    private static JsonArray Words(IReadOnlyList<string> words) => new([.. words.Select(word => (JsonNode)word)]);

    private static string Instant(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
