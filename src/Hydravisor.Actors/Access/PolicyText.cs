using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Access;

/// <summary>The one text of a policy, however its file is written: the digest is made of it. Pure.</summary>
/// <remarks>
/// The order of keys does not matter, nor that of lists that are sets. The order of rules does: their names, which stand in the
/// journal beside the digest, are their places.
/// </remarks>
internal static class PolicyText
{
    /// <summary>SHA-256 of the text, in hexadecimal.</summary>
    public static string Digest(PolicyData policy) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Of(policy))));

    /// <summary>The text: one line for each thing that is said. No value has a line end in it.</summary>
    public static string Of(PolicyData policy)
    {
        var text = new StringBuilder("hydravisor-policy.v1\n");
        Line(text, "anonymous.loopback", policy.Loopback);
        Line(text, "anonymous.remote", policy.Remote);
        Line(text, "bare-after-authorize", policy.Bare);
        Line(text, "skew-ms", policy.Skew.TotalMilliseconds);
        foreach (var role in policy.Roles.OrderBy(role => role.Name, StringComparer.Ordinal))
        {
            Add(text, role, role.Recorded || policy.Recorded.Contains(role.Name));
        }

        foreach (var agent in policy.Agents.OrderBy(agent => agent.Key, StringComparer.Ordinal))
        {
            Add(text, agent);
        }

        return text.ToString();
    }

    private static void Add(StringBuilder text, PolicyRole role, bool recorded)
    {
        var path = $"roles.{role.Name}";
        Line(text, path, "role");
        Lines(text, $"{path}.allow", role.Allow);
        Lines(text, $"{path}.deny", role.Deny);
        Set(text, $"{path}.terminal", role.Terminal.Select(TerminalRoleNames.ToWireName));
        Lines(text, $"{path}.vms", role.Vms.Select(selector => selector.Text));
        Line(text, $"{path}.audited", role.Audited);
        Line(text, $"{path}.recorded", recorded);
        Line(text, $"{path}.limits.vcpus", role.Limits.Vcpus);
        Line(text, $"{path}.limits.ram", role.Limits.RamBytes);
        Line(text, $"{path}.limits.disk", role.Limits.DiskBytes);
        Line(text, $"{path}.limits.vms", role.Limits.Vms);
        Line(text, $"{path}.limits.messages-per-second", role.Limits.MessagesPerSecond);
        Line(text, $"{path}.limits.log-subscriptions", role.Limits.LogSubscriptions);
    }

    private static void Add(StringBuilder text, PolicyAgent agent)
    {
        var path = $"agents.{agent.Key}";
        Lines(text, $"{path}.allow", agent.Allow);
        Lines(text, $"{path}.deny", agent.Deny);

        // An agent that may take no role and one of which nothing is said are two things; so with its VMs.
        if (agent.Roles is { } roles)
        {
            Line(text, $"{path}.roles", "only");
            Set(text, $"{path}.roles", roles);
        }

        if (agent.Vms is { } vms)
        {
            Line(text, $"{path}.vms", "only");
            Lines(text, $"{path}.vms", vms.Select(selector => selector.Text));
        }
    }

    private static void Set(StringBuilder text, string path, IEnumerable<string> values) =>
        Lines(text, path, values.Distinct().Order(StringComparer.Ordinal));

    private static void Lines(StringBuilder text, string path, IEnumerable<object> values)
    {
        var at = 0;
        foreach (var value in values)
        {
            Line(text, string.Create(CultureInfo.InvariantCulture, $"{path}[{at++}]"), value);
        }
    }

    private static void Line(StringBuilder text, string path, object? value) =>
        text.Append(path).Append('=').Append(CultureInfo.InvariantCulture, $"{value ?? PolicyData.NoRole}").Append('\n');
}
