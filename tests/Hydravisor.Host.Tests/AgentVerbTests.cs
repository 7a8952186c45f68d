using System.Security.Cryptography;
using System.Text.Json;
using Hydravisor.Actors.Access.Agents;
using Hydravisor.Host.Verbs;

namespace Hydravisor.Host.Tests;

public sealed class AgentVerbTests : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("hv-").FullName;
    private readonly List<VerbRun> _runs = [];

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var run in _runs)
        {
            await run.DisposeAsync();
        }

        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task An_added_agent_can_be_let_in_with_the_key_that_was_shown()
    {
        var added = await JsonAsync("agent", "add", "--role", "sandboxed", "--role", "audited", "--name", "builder", "-o", "json");

        var key = added.GetProperty("key").GetBytesFromBase64();
        var fingerprint = Convert.ToHexStringLower(SHA256.HashData(key));
        Assert.Equal(fingerprint, Text(added, "fingerprint"));
        Assert.Equal("builder", Text(added, "name"));
        Assert.Equal(["sandboxed", "audited"], added.GetProperty("roles").EnumerateArray().Select(role => role.GetString()));
        var match = Book().Find(fingerprint, Now());
        Assert.Equal(["sandboxed", "audited"], match!.Agent.Roles);
        Assert.True(match.Key.Key.SequenceEqual(key));
    }

    [Fact]
    public async Task A_person_is_told_that_the_key_is_shown_once()
    {
        var run = await RunAsync(ExitCode.Ok, "agent", "add", "--role", "trusted", "--name", "builder");

        Assert.Matches(@"\Aagent +[0-9a-f]{64}\nname +builder\nroles +trusted\nkey +[A-Za-z0-9+/]{43}=\nkey fingerprint +[0-9a-f]{64}\n\z", run.Output);
        Assert.Contains("shown this once", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_role_that_the_policy_does_not_have_is_told()
    {
        var run = await RunAsync(ExitCode.Ok, "agent", "add", "--role", "trusted", "--role", "sandboxd");

        Assert.Contains("The policy here has no role sandboxd: until it has, the agent cannot take it. There are: audited, sandboxed, trusted.", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("no role", (await RunAsync(ExitCode.Ok, "agent", "add", "--role", "trusted")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_shows_agents_and_never_a_key()
    {
        var key = Text(await JsonAsync("agent", "add", "--role", "trusted", "--name", "builder", "-o", "json"), "key");
        await RunAsync(ExitCode.Ok, "agent", "add", "--role", "sandboxed", "--role", "audited");

        var table = (await RunAsync(ExitCode.Ok, "agent", "list")).Output;
        var objects = (await RunAsync(ExitCode.Ok, "agent", "list", "-o", "json", "--data", _directory)).Output;

        var lines = table.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.StartsWith("FINGERPRINT", lines[0], StringComparison.Ordinal);
        Assert.Matches(@"^[0-9a-f]{64} +builder +trusted +\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ +active *$", lines[1]);
        Assert.Matches("^[0-9a-f]{64} +- +sandboxed audited +", lines[2]);
        using var list = JsonDocument.Parse(objects);
        Assert.Equal("builder", Text(list.RootElement[0], "name"));
        Assert.True(list.RootElement[0].GetProperty("keys")[0].GetProperty("valid").GetBoolean());
        Assert.DoesNotContain(key, table + objects, StringComparison.Ordinal);
        Assert.DoesNotContain("\"key\"", objects, StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_says_when_there_is_none()
    {
        var run = await RunAsync(ExitCode.Ok, "agent", "list");

        Assert.Contains("There are no agents", run.Error, StringComparison.Ordinal);
        Assert.Equal("[]\n", (await RunAsync(ExitCode.Ok, "agent", "list", "-o", "json")).Output);
    }

    [Fact]
    public async Task A_rotated_agent_has_both_keys_for_the_overlap()
    {
        var added = await JsonAsync("agent", "add", "--role", "trusted", "--name", "builder", "-o", "json");

        var rotated = await JsonAsync("agent", "rotate", "builder", "--overlap", "2h", "-o", "json");

        Assert.Equal(Text(added, "fingerprint"), Text(rotated, "fingerprint"));
        Assert.NotEqual(Text(added, "key"), Text(rotated, "key"));
        var former = Book().Find(Text(added, "key_fingerprint"), Now())!;
        Assert.Equal(former.Agent, Book().Find(Text(rotated, "key_fingerprint"), Now())!.Agent, (one, other) => one!.Fingerprint == other!.Fingerprint);
        Assert.InRange(former.Key.ExpiresAt!.Value, Now() + TimeSpan.FromMinutes(110), Now() + TimeSpan.FromMinutes(121));
        Assert.True(rotated.TryGetProperty("former_keys_until", out _));
        Assert.Contains("active, former keys until", (await RunAsync(ExitCode.Ok, "agent", "list")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rotation_without_overlap_ends_the_former_key()
    {
        var added = await JsonAsync("agent", "add", "--role", "trusted", "-o", "json");

        var rotated = await JsonAsync("agent", "rotate", Text(added, "fingerprint")[..8], "--overlap", "0", "-o", "json");

        Assert.Null(Book().Find(Text(added, "key_fingerprint"), Now()));
        Assert.NotNull(Book().Find(Text(rotated, "key_fingerprint"), Now()));
        Assert.False(rotated.TryGetProperty("former_keys_until", out _));
    }

    [Fact]
    public async Task A_frozen_agent_is_listed_as_such_until_it_is_thawed()
    {
        var fingerprint = Text(await JsonAsync("agent", "add", "--role", "trusted", "--name", "builder", "-o", "json"), "fingerprint");

        var frozen = await JsonAsync("agent", "freeze", "builder", "-o", "json");
        Assert.Equal(fingerprint, Text(frozen, "fingerprint"));
        Assert.False(frozen.GetProperty("node_runs").GetBoolean());
        Assert.True(frozen.GetProperty("all_stand_still").GetBoolean());
        Assert.NotNull(Book().Get(fingerprint)!.FrozenAt);
        Assert.Matches("builder +trusted +.* frozen ", (await RunAsync(ExitCode.Ok, "agent", "list")).Output);

        Assert.Equal($"{fingerprint} thawed\n", (await RunAsync(ExitCode.Ok, "agent", "thaw", "builder")).Output);
        Assert.Null(Book().Get(fingerprint)!.FrozenAt);
        Assert.Contains("a time such as", (await RunAsync(ExitCode.Usage, "agent", "freeze", "builder", "--timeout", "soon")).Error, StringComparison.Ordinal);
        Assert.Contains("no agent has the name", (await RunAsync(ExitCode.Refused, "agent", "freeze", "nobody")).Error, StringComparison.Ordinal);
        Assert.Null(Book().Get(fingerprint)!.FrozenAt);
    }

    [Fact]
    public async Task A_revoked_agent_is_let_in_no_more_and_is_still_listed()
    {
        var fingerprint = Text(await JsonAsync("agent", "add", "--role", "trusted", "--name", "builder", "-o", "json"), "fingerprint");

        var run = await RunAsync(ExitCode.Ok, "agent", "revoke", "builder");
        await RunAsync(ExitCode.Ok, "agent", "revoke", fingerprint);

        Assert.Equal($"{fingerprint} revoked\n", run.Output);
        Assert.Null(Book().Find(fingerprint, Now()));
        Assert.Matches("builder +trusted +.* revoked ", (await RunAsync(ExitCode.Ok, "agent", "list")).Output);
        Assert.Contains("is revoked", (await RunAsync(ExitCode.Refused, "agent", "rotate", "builder")).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rotate")]
    [InlineData("revoke")]
    public async Task An_agent_that_is_not_there_is_refused_with_those_that_are(string verb)
    {
        await RunAsync(ExitCode.Ok, "agent", "add", "--role", "trusted", "--name", "builder");

        var run = await RunAsync(ExitCode.Refused, "agent", verb, "nobody");

        Assert.Contains("no agent has the name \"nobody\"", run.Error, StringComparison.Ordinal);
        Assert.Contains("(builder)", run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }

    [Fact]
    public async Task A_name_that_is_taken_is_refused_and_no_key_is_shown()
    {
        await RunAsync(ExitCode.Ok, "agent", "add", "--role", "trusted", "--name", "builder");

        var run = await RunAsync(ExitCode.Refused, "agent", "add", "--role", "trusted", "--name", "builder");

        Assert.Contains("\"builder\" is taken", run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }

    [Theory]
    [InlineData("--role", "agent", "add")]
    [InlineData("cannot be a role", "agent", "add", "--role", "Trusted")]
    [InlineData("cannot be an agent's name", "agent", "add", "--role", "trusted", "--name", "deadbeef")]
    [InlineData("such as 90s, 30m, 24h or 7d", "agent", "rotate", "builder", "--overlap", "soon")]
    [InlineData("at most 365d", "agent", "rotate", "builder", "--overlap", "999999999d")]
    [InlineData("at most 365d", "agent", "rotate", "builder", "--overlap", "8761h")]
    public async Task A_wrong_command_line_says_what_would_be_right(string said, params string[] args) =>
        Assert.Contains(said, (await RunAsync(ExitCode.Usage, args)).Error, StringComparison.Ordinal);

    [Fact]
    public async Task A_damaged_file_is_refused_by_its_name()
    {
        await RunAsync(ExitCode.Ok, "agent", "add", "--role", "trusted");
        var path = Path.Combine(_directory, AgentFile.Name);
        File.WriteAllText(path, "{");

        Assert.Contains($"{path} is damaged", (await RunAsync(ExitCode.Refused, "agent", "add", "--role", "trusted")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_data_directory_that_is_not_there_is_made_and_named()
    {
        var data = Path.Combine(_directory, "new");

        var run = await RunAsync(ExitCode.Ok, "agent", "add", "--role", "trusted", "--data", data);

        Assert.Contains($"There was no {data}", run.Error, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(data, AgentFile.Name)));
        Assert.Empty(Book().Agents);
    }

    [Fact]
    public async Task Verbs_at_once_lose_nothing()
    {
        var names = Enumerable.Range(0, 8).Select(number => $"agent-{number}").ToList();

        await Task.WhenAll(names.Select(name => Task.Run(() => NewRun().RunAsync("agent", "add", "--role", "trusted", "--name", name))));

        Assert.Equal(names, Book().Agents.Select(agent => agent.Name).Order());
    }

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    private static DateTimeOffset Now() => TimeProvider.System.GetUtcNow();

    private AgentBook Book() => new AgentFile(_directory, TimeProvider.System).Read();

    private VerbRun NewRun()
    {
        var run = new VerbRun();
        run.Variables["HYDRAVISOR_DATA"] = _directory;
        lock (_runs)
        {
            _runs.Add(run);
        }

        return run;
    }

    private async Task<VerbRun> RunAsync(int exitCode, params string[] args)
    {
        var run = NewRun();
        var ended = await run.RunAsync(args);
        Assert.True(ended == exitCode, $"ended with {ended}: {run.Error}");
        return run;
    }

    private async Task<JsonElement> JsonAsync(params string[] args)
    {
        using var document = JsonDocument.Parse((await RunAsync(ExitCode.Ok, args)).Output);
        return document.RootElement.Clone();
    }
}
