using System.Diagnostics;
using System.Text;
using Hydravisor.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Wire;

/// <summary>Keys of agents stand in one file, and nowhere else, whatever is done with them.</summary>
public sealed class SecretsTests(ITestOutputHelper output) : EndToEndTest(output)
{
    private static readonly string Dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "hydravisor.dll");

    [Fact]
    public async Task Keys_never_appear_but_in_the_file_of_agents()
    {
        var node = await StartNodeAsync(new NodeOptions { Profile = "node", Conf = "hydravisor.log.level = debug" });
        var agent = await SigningAgent.AddAsync(node, "trusted", "builder");
        var revoked = await SigningAgent.AddAsync(node, "sandboxed", "gone");
        var said = new StringBuilder();
        using var files = new TestDirectory();
        var keyFile = Path.Combine(files.Path, "builder.key");
        await File.WriteAllTextAsync(keyFile, Convert.ToBase64String(agent.Key));

        await SpeakAsync(node, agent, revoked, said);
        var rotated = SigningAgent.Of(await SigningAgent.VerbAsync(node, "rotate", "builder", "-o", "json"), "trusted");
        said.Append(await SigningAgent.VerbAsync(node, "revoke", "gone"));
        said.Append(await SigningAgent.VerbAsync(node, "list", "-o", "json")).Append(await SigningAgent.VerbAsync(node, "list"));
        await SpeakAsync(node, rotated, revoked, said);
        await UseVerbsAsync(node, agent, keyFile, said);

        var search = new SecretSearch(agent.Key, revoked.Key, rotated.Key);
        using var watching = Process.Start(Verb(node, keyFile, ["vm", "watch", "--agent-role", "trusted"]))!;
        var watched = new NodeOutput();
        watching.OutputDataReceived += (_, line) => watched.Add(line.Data ?? "");
        watching.BeginOutputReadLine();
        await watched.LineAsync(line => line.Contains("vm-", StringComparison.Ordinal)).InTimeAsync("the VM is shown");
        Assert.Empty(search.Processes());
        MustBeInItsFileOnly(node, search, [agent.Key, rotated.Key], revoked.Key);
        watching.Kill();
        await watching.WaitForExitAsync();

        said.Append(await SigningAgent.VerbAsync(node, "freeze", "builder", "-o", "json"));
        await node.KillAsync();
        await node.StartAsync();
        await SpeakAsync(node, rotated, revoked, said);
        await node.SignalAsync("TERM");
        await node.ExitAsync();
        said.Append((await Run.AnyAsync(Dotnet, Program, "audit", "show", "--data", node.Data)).Output);
        Assert.Contains("not let in", string.Join('\n', node.Output.From(0)), StringComparison.Ordinal);
        Assert.False(search.IsIn(string.Join('\n', node.Output.From(0))), "the console");
        Assert.False(search.IsIn(said.ToString()), "what was answered");
        MustBeInItsFileOnly(node, search, [agent.Key, rotated.Key], revoked.Key);
    }

    [Fact]
    public void A_key_is_found_in_every_form()
    {
        byte[] key = [.. Enumerable.Range(200, 32).Select(value => (byte)value)];
        var search = new SecretSearch(key);
        Assert.True(search.IsIn([1, .. key, 2]));
        foreach (var text in new[] { Convert.ToBase64String(key), Convert.ToHexString(key), $"key={Convert.ToHexStringLower(key)}.", string.Join(',', key) })
        {
            Assert.True(search.IsIn(text), text);
        }

        Assert.False(search.IsIn(key.AsSpan(1)));
    }

    // Right and wrong: what is let in, and each reason for which something is not; a recorded terminal and a command beside it.
    private static async Task SpeakAsync(NodeUnderTest node, SigningAgent agent, SigningAgent other, StringBuilder said)
    {
        await using var connection = await node.ConnectAsync();
        var created = await agent.AskAsync(connection, "vm/create", null, "\"os\":\"tiny\",\"cpu\":1");
        said.AppendLine(created.GetRawText());
        if (created.Has("instance_id"))
        {
            var id = created.Id();
            await connection.BroadcastAsync(id, "running");
            foreach (var (type, more) in new[]
            {
                ("vm/attach-terminal", "\"role\":\"operator\",\"stream\":true"), ("terminal/input", "\"data\":\"ls\\r\""), ("log/query", ""), ("vm/exec", "\"command\":\"id\""), ("vm/suspend", ""),
            })
            {
                said.AppendLine((await agent.AskAsync(connection, type, id, more)).GetRawText());
            }
        }

        var message = SigningAgent.Message("vm/list", null, "", "wrong");
        foreach (var line in new[]
        {
            (agent with { Key = other.Key }).Wrap(message), (agent with { Role = "nobody" }).Wrap(message), other.Wrap(message), agent.Wrap(message, DateTimeOffset.UtcNow.AddHours(1)),
            agent.Wrap(message, nonce: "short"), agent.Wrap(message)[..^2], agent.Wrap(agent.Wrap(message)),
        })
        {
            await connection.SendAsync(line);
            said.AppendLine((await connection.LineAsync(answer => answer.Type() is "mcp/error" or "vm/list", "an answer")).GetRawText());
        }
    }

    private static async Task UseVerbsAsync(NodeUnderTest node, SigningAgent agent, string keyFile, StringBuilder said)
    {
        foreach (var arguments in new[] { (string[])["vm", "list", "--agent-role", "trusted"], ["vm", "create", "tiny", "--record", "--wait", "--agent-role", "trusted"], ["vm", "list", "--agent-role", "nobody"] })
        {
            using var verb = Process.Start(Verb(node, keyFile, arguments))!;
            var error = verb.StandardError.ReadToEndAsync();
            said.Append(await verb.StandardOutput.ReadToEndAsync()).Append(await error);
            await verb.WaitForExitAsync();
        }

        // A key where its file's name belongs is refused unseen.
        var wrong = await Run.AnyAsync(Dotnet, Program, "vm", "list", "--connect", node.Endpoint.ToString(), "--agent-role", "trusted", "--key", Convert.ToBase64String(agent.Key));
        Assert.NotEqual(0, wrong.Code);
        said.Append(wrong.Output).Append(wrong.Error);
    }

    private static ProcessStartInfo Verb(NodeUnderTest node, string keyFile, string[] arguments) =>
        new(Dotnet, [Program, .. arguments, "--connect", node.Endpoint.ToString()])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["HYDRAVISOR_KEY"] = keyFile },
        };

    // Journal with its log, recordings, logs, nonces: all that is in the data directory.
    private static void MustBeInItsFileOnly(NodeUnderTest node, SecretSearch search, IReadOnlyList<byte[]> there, byte[] gone)
    {
        Assert.Equal(["agents.json"], search.FilesIn(node.Data));
        Assert.True(Directory.GetFiles(Path.Combine(node.Data, "replay")).Length > 0 && Directory.GetFiles(Path.Combine(node.Data, "logs")).Length > 0, "There was nothing to search.");
        Assert.NotEmpty(Directory.GetFiles(Path.Combine(node.Data, "recordings"), "*.cast", SearchOption.AllDirectories));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(node.Data, "agents.json")));
        var file = File.ReadAllBytes(Path.Combine(node.Data, "agents.json"));
        Assert.All(there, key => Assert.True(new SecretSearch(key).IsIn(file), "The search does not find what is there."));
        Assert.False(new SecretSearch(gone).IsIn(file), "A revoked agent's key is still there.");
    }
}
