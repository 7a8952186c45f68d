using System.Globalization;
using System.Text.Json.Nodes;
using Hydravisor.Actors.Access;
using Hydravisor.Protocol;
using Spectre.Console;

namespace Hydravisor.Host.Verbs;

/// <summary>A policy and its decisions on stdout.</summary>
internal sealed class PolicyOutput(VerbEnvironment environment)
{
    /// <summary>A policy: its roles, agents, who needs no credential, and its digest.</summary>
    public void Show(Policy policy)
    {
        var table = PlainTable.Of("ROLE", "ALLOW", "DENY", "TERMINAL", "VMS", "AUDITED", "RECORDED", "LIMITS");

        foreach (var role in policy.Data.Roles)
        {
            var principal = new Principal("", role.Name, "");
            var allowed = policy.PermissionsOf(principal).Count;
            table.AddRow(
                new Text(role.Name),
                new Text(string.Create(CultureInfo.InvariantCulture, $"{allowed} of {MessagePattern.Ruled.Count} messages")),
                new Text(Words(role.Deny.Select(pattern => pattern.Text))),
                new Text(Words(role.Terminal.Select(TerminalRoleNames.ToWireName))),
                new Text(TerminalText.Of(Words(role.Vms.Select(selector => selector.Text)))),
                new Text(policy.Audits(principal) ? "yes" : "no"),
                new Text(policy.Records(principal) ? "yes" : "no"),
                new Text(Words(Limits(role.Limits))));
        }

        environment.Show(table);
        environment.Output.WriteLine($"agents     {Words(policy.Data.Agents.Select(agent => agent.Key))}");
        environment.Output.WriteLine($"anonymous  loopback {policy.Data.Loopback}, remote {policy.Data.Remote}");
        environment.Output.WriteLine($"digest     {policy.Digest}");
    }

    /// <summary>A decision, with the rule that made it.</summary>
    public void Explain(Policy policy, Principal principal, PolicyQuestion question, Decision decision, bool json)
    {
        var (scope, reason) = ((decision as Decision.Allowed)?.Scope, (decision as Decision.Denied)?.Reason);
        if (json)
        {
            environment.Output.WriteLine(new JsonObject
            {
                ["allowed"] = decision.IsAllowed,
                ["rule"] = decision.Rule,
                ["vm_rule"] = scope,
                ["reason"] = reason,
                ["agent"] = principal.Agent,
                ["role"] = principal.Role,
                ["type"] = question.Type,
                ["terminal"] = question.Terminal?.ToWireName(),
                ["vm_known"] = question.Vm is not null,
                ["policy"] = policy.Digest,
            }.ToJsonString());
            return;
        }

        environment.Output.WriteLine(decision.IsAllowed ? "allowed" : $"denied: {TerminalText.Of(reason!)}");
        environment.Output.WriteLine($"rule    {TerminalText.Of(decision.Rule)}");
        if (scope is not null)
        {
            environment.Output.WriteLine($"vm      {TerminalText.Of(scope)}");
        }
        else if (decision.IsAllowed && question.Vm is null)
        {
            environment.Output.WriteLine("vm      of none was asked; --vm-owner, --vm-id and --label say which");
        }

        environment.Output.WriteLine($"policy  {policy.Digest}");
    }

    private static string Words(IEnumerable<string> words) => string.Join(", ", words) is { Length: > 0 } text ? text : "-";

    private static IEnumerable<string> Limits(RoleLimits limits)
    {
        (string Name, string? Value)[] all =
        [
            ("vcpus", Text(limits.Vcpus)),
            ("ram", Size(limits.RamBytes)),
            ("disk", Size(limits.DiskBytes)),
            ("vms", Text(limits.Vms)),
            ("messages-per-second", Text(limits.MessagesPerSecond)),
            ("log-subscriptions", Text(limits.LogSubscriptions)),
        ];
        return all.Where(limit => limit.Value is not null).Select(limit => $"{limit.Name} {limit.Value}");
    }

    private static string? Text(int? number) => number?.ToString(CultureInfo.InvariantCulture);

    private static string? Size(long? bytes) => bytes is { } count ? new ByteSize(count).ToString() : null;
}
