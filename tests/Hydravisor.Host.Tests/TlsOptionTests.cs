using Hydravisor.Actors.Access.Agents;
using Hydravisor.Client.Tests;
using Hydravisor.Host.Verbs;

namespace Hydravisor.Host.Tests;

/// <summary>What a verb says of TLS files that cannot be used, and certificates as agents' keys.</summary>
public sealed class TlsOptionTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("hydravisor-tls-");
    private readonly TestAuthority _authority = new();

    public void Dispose()
    {
        _authority.Dispose();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public async Task What_is_wrong_is_said_with_the_file_and_what_would_be_right()
    {
        using var agent = _authority.Agent();
        using var other = _authority.Agent();
        var (certificate, key) = TestAuthority.Write(agent, _directory.FullName, "agent");
        var (_, otherKey) = TestAuthority.Write(other, _directory.FullName, "other");
        var garbage = PathOf("garbage");
        await File.WriteAllTextAsync(garbage, "garbage");
        foreach (var (arguments, says) in new (string[], string)[]
        {
            (["--ca", PathOf("none")], $"--ca: there is no file \"{PathOf("none")}\"; it must be PEM"),
            (["--ca", garbage], $"--ca: the file \"{garbage}\" holds no certificate; it must be PEM, with a line -----BEGIN CERTIFICATE-----"),
            (["--certificate", certificate], $"--certificate: the file \"{certificate}\" holds no key beside the certificate; name the key's file by --certificate-key"),
            (["--certificate", certificate, "--certificate-key", garbage], $"--certificate-key: the file \"{garbage}\" holds no private key"),
            (["--certificate", certificate, "--certificate-key", otherKey], $"--certificate-key: the file \"{otherKey}\" does not hold the key of the certificate in \"{certificate}\""),
            (["--certificate-key", key], "--certificate-key is the key of a certificate, and there is none"),
            (["--certificate", certificate, "--certificate-key", key], "a certificate needs a role to act in: give --role ROLE"),
        })
        {
            await using var run = new VerbRun();
            Assert.Equal(ExitCode.Usage, await run.RunAsync(["vm", "list", .. arguments]));
            Assert.StartsWith("hydravisor: " + says, run.Error, StringComparison.Ordinal);
        }

        await using var variable = new VerbRun();
        variable.Variables["HYDRAVISOR_TLS"] = "maybe";
        Assert.Equal(ExitCode.Usage, await variable.RunAsync("vm", "list"));
        Assert.Contains("HYDRAVISOR_TLS is \"maybe\"; it must be on or off", variable.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_agent_is_added_and_rotated_by_its_certificate_and_no_key_is_shown()
    {
        using var first = _authority.Agent();
        using var second = _authority.Agent();
        var added = await AgentAsync(ExitCode.Ok, "add", "--role", "trusted", "--name", "bot", "--certificate", TestAuthority.Write(first, _directory.FullName, "first").Certificate);
        Assert.Matches(@"\Aagent +[0-9a-f]{64}\nname +bot\nroles +trusted\ncertificate +[0-9a-f]{64}\nvalid until +\d{4}-", added.Output);
        Assert.Contains(TestAuthority.FingerprintOf(first), added.Output, StringComparison.Ordinal);
        Assert.Empty(added.Error);
        await AgentAsync(ExitCode.Ok, "rotate", "bot", "--certificate", TestAuthority.Write(second, _directory.FullName, "second").Certificate);
        var book = new AgentFile(_directory.FullName, TimeProvider.System).Read();
        Assert.Equal(book.Find(TestAuthority.FingerprintOf(first), DateTimeOffset.UtcNow)!.Agent, book.Find(TestAuthority.FingerprintOf(second), DateTimeOffset.UtcNow)!.Agent);
        Assert.Matches("active until .*, former keys until ", (await AgentAsync(ExitCode.Ok, "list")).Output);
    }

    [Fact]
    public async Task A_certificate_that_has_expired_is_refused()
    {
        using var late = _authority.Agent(until: DateTimeOffset.UtcNow.AddMinutes(-1));
        var refused = await AgentAsync(ExitCode.Usage, "add", "--role", "trusted", "--certificate", TestAuthority.Write(late, _directory.FullName, "late").Certificate);
        Assert.Contains("has expired", refused.Error, StringComparison.Ordinal);
    }

    private async Task<(string Output, string Error)> AgentAsync(int code, params string[] arguments)
    {
        await using var run = new VerbRun();
        var ended = await run.RunAsync(["agent", .. arguments, "--data", _directory.FullName]);
        Assert.True(ended == code, $"{ended}: {run.Error}");
        return (run.Output, run.Error);
    }

    private string PathOf(string name) => Path.Combine(_directory.FullName, name);
}
