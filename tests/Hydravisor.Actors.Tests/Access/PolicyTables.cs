using System.Text;
using Hydravisor.Actors.Access;
using Hydravisor.Actors.Setup;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Tests.Access;

/// <summary>What each shipped role may do, by which rule, for people to read and approve. A new message is a new row, and so a decision.</summary>
public sealed class PolicyTables
{
    private static readonly Dictionary<string, string> NoLabels = [];

    [Fact]
    public void Each_shipped_role_is_answered_as_approved_on_its_own_and_on_foreign_VMs()
    {
        var policy = Shipped();
        var text = new StringBuilder();
        foreach (var role in policy.Data.Roles)
        {
            text.Append(role.Name).Append(policy.Audits(new Principal("a", role.Name, "c")) ? " (audited)" : "").Append('\n');
            foreach (var entry in MessageCatalogue.Client)
            {
                foreach (var (terminal, name) in Questions(entry.WireType))
                {
                    Row(text, policy, new Principal("a", role.Name, "c"), entry, terminal, name);
                }
            }

            text.Append('\n');
        }

        Golden.Check("Access/shipped-roles.golden", text.ToString());
    }

    /// <summary>The policy that the shipped files make.</summary>
    internal static Policy Shipped(string profile = "development")
    {
        using var data = new TemporaryDirectory();
        return NodeSettings.Read(NodeConfig.Load(
            Path.Combine(AppContext.BaseDirectory, "hocon"), profile, variable => variable == "HYDRAVISOR_DATA" ? data.Path : null)).Policy;
    }

    private static (TerminalRole? Terminal, string Name)[] Questions(string type) => type == MessageTypes.VmAttachTerminal
        ? [(TerminalRole.Operator, $"{type} as operator"), (TerminalRole.Auditor, $"{type} as auditor")]
        : [(null, type)];

    private static void Row(StringBuilder text, Policy policy, Principal principal, MessageEntry entry, TerminalRole? terminal, string name)
    {
        (string Whose, VmFacts? Vm)[] vms = entry.RecordType.IsAssignableTo(typeof(InstanceMessage))
            ? [("own", new VmFacts(Samples.Id, "a", NoLabels)), ("foreign", new VmFacts(Samples.Id, "b", NoLabels))]
            : [("-", null)];
        foreach (var (whose, vm) in vms)
        {
            var answer = policy.Decide(principal, new PolicyQuestion(entry.WireType, terminal, vm)) switch
            {
                Decision.Allowed { Scope: { } scope } allowed => $"yes: {allowed.Rule}, {scope}",
                Decision.Allowed allowed => $"yes: {allowed.Rule}",
                var denied => $"no: {denied.Rule}",
            };
            text.Append("    ").Append(name.PadRight(34)).Append(whose.PadRight(9)).Append(answer).Append('\n');
        }
    }
}
