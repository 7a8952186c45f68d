using System.Text.Json;
using Hydravisor.Host.Verbs;

namespace Hydravisor.Host.Tests;

/// <summary><c>hydravisor policy …</c>, which needs no node.</summary>
public sealed class PolicyVerbTests : DataDirectoryTest
{
    private string OwnFile => Path.Combine(DataDirectory, "hydravisor.conf");

    [Fact]
    public async Task Validate_shows_roles_agents_strangers_and_digest()
    {
        File.WriteAllText(OwnFile, "hydravisor.policy { roles.builder { allow = [\"vm/*\"], deny = [\"vm/exec\"], recorded = on }\nagents.ci-bot.roles = [builder] }");

        Assert.Equal(ExitCode.Ok, await Run.RunAsync("policy", "validate", "--profile", "node"));

        Assert.Empty(Run.Error);
        Assert.Matches(@"(?m)^audited +\d+ of 22 messages +- +auditor +all +yes +no", Run.Output);
        Assert.Matches(@"(?m)^builder +\d+ of 22 messages +vm/exec +- +own +no +yes", Run.Output);
        Assert.Matches(@"(?m)^sandboxed .*vcpus 4, ram 4GB, disk 20GB, vms 4, messages-per-second 100", Run.Output);
        Assert.Matches(@"(?m)^agents +ci-bot$", Run.Output);
        Assert.Matches(@"(?m)^anonymous +loopback none, remote none$", Run.Output);
        Assert.Matches(@"(?m)^digest +[0-9a-f]{64}$", Run.Output);
    }

    [Fact]
    public async Task Validate_names_file_key_and_what_would_be_right_and_ends_with_1()
    {
        var file = Path.Combine(DataDirectory, "other.conf");
        File.WriteAllText(file, "hydravisor.policy.roles.builder.allow = [\"vm/destroy\"]");

        Assert.Equal(ExitCode.Refused, await Run.RunAsync("policy", "validate", file));

        Assert.StartsWith($"hydravisor: {file}: hydravisor.policy.roles.builder.allow[0] = vm/destroy", Run.Error, StringComparison.Ordinal);
        Assert.Contains("vm/delete", Run.Error, StringComparison.Ordinal);
        Assert.Empty(Run.Output);
    }

    [Fact]
    public async Task Validate_of_a_file_that_is_not_there_is_refused()
    {
        Assert.Equal(ExitCode.Refused, await Run.RunAsync("policy", "validate", Path.Combine(DataDirectory, "nowhere.conf")));

        Assert.Contains("nowhere.conf cannot be read", Run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("vm/delete", "bot", ExitCode.Ok, "allowed", "roles.sandboxed.allow[1]")]
    [InlineData("vm/delete", "other", ExitCode.Refused, "denied: this VM", "roles.sandboxed.vms")]
    [InlineData("vm/stop", "bot", ExitCode.Refused, "denied: a rule of the policy denies vm/stop to this agent", "agents.bot.deny[0]")]
    public async Task Check_explains_the_decision_by_its_rule(string type, string owner, int exit, string answer, string rule)
    {
        File.WriteAllText(OwnFile, "hydravisor.policy.agents.bot.deny = [\"vm/stop\"]");

        Assert.Equal(exit, await Run.RunAsync("policy", "check", "--agent", "bot", "--role", "sandboxed", "--type", type, "--vm-owner", owner));

        Assert.StartsWith(answer, Run.Output, StringComparison.Ordinal);
        Assert.Contains($"rule    {rule}\n", Run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_takes_the_facts_of_a_VM_and_writes_an_object_for_programs()
    {
        File.WriteAllText(OwnFile, "hydravisor.policy.roles.red { allow = [\"vm/attach-terminal\"], terminal = [auditor], vms = [\"id:vm-11111111\", \"label:team=red\"] }");
        string[] asked = ["policy", "check", "--agent", "anonymous", "--role", "red", "--type", "vm/attach-terminal", "--label", "team=red", "-o", "json"];

        Assert.Equal(ExitCode.Ok, await Run.RunAsync([.. asked, "--terminal", "auditor"]));

        using (var allowed = JsonDocument.Parse(Run.Output))
        {
            Assert.True(allowed.RootElement.GetProperty("allowed").GetBoolean());
            Assert.Equal("roles.red.allow[0]", allowed.RootElement.GetProperty("rule").GetString());
            Assert.Equal("roles.red.vms[1]", allowed.RootElement.GetProperty("vm_rule").GetString());
        }

        await using var operatorRun = new VerbRun();
        operatorRun.Variables["HYDRAVISOR_DATA"] = DataDirectory;
        Assert.Equal(ExitCode.Refused, await operatorRun.RunAsync([.. asked, "--terminal", "operator"]));
        using var denied = JsonDocument.Parse(operatorRun.Output);
        Assert.Equal("roles.red.terminal", denied.RootElement.GetProperty("rule").GetString());
    }

    [Theory]
    [InlineData("role", "--agent", "a", "--role", "king", "--type", "vm/list")]
    [InlineData("vm/destroy", "--agent", "a", "--role", "trusted", "--type", "vm/destroy")]
    [InlineData("--role", "--agent", "a", "--type", "vm/list")]
    [InlineData("--vm-id", "--agent", "a", "--role", "trusted", "--type", "vm/start", "--vm-id", "web")]
    [InlineData("agent", "--agent", "", "--role", "trusted", "--type", "vm/start")]
    public async Task A_wrong_question_is_a_wrong_command_line(string said, params string[] args)
    {
        Assert.Equal(ExitCode.Usage, await Run.RunAsync(["policy", "check", .. args]));

        Assert.Contains(said, Run.Error, StringComparison.Ordinal);
        Assert.Empty(Run.Output);
    }
}
