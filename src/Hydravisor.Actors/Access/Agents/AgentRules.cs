using System.Text.RegularExpressions;

namespace Hydravisor.Actors.Access.Agents;

/// <summary>What agents may look like.</summary>
internal static partial class AgentRules
{
    /// <summary>Most roles of one agent.</summary>
    public const int RolesMax = 16;

    /// <summary>Most keys of one agent that are valid at once.</summary>
    public const int KeysMax = 8;

    /// <summary>Least hexadecimal digits by which a person may name a fingerprint.</summary>
    public const int PrefixHexDigitsMin = 8;

    /// <summary>The longest time for which a key lives on beside its successor.</summary>
    public static readonly TimeSpan OverlapMax = TimeSpan.FromDays(365);

    /// <summary>1 to 40 of a-z, 0-9 and -, and nothing that could be the beginning of a fingerprint.</summary>
    public static bool IsName(string text) => Word().IsMatch(text) && !IsPrefix(text);

    /// <summary>1 to 40 of a-z, 0-9 and -.</summary>
    public static bool IsRole(string text) => Word().IsMatch(text);

    /// <summary>So many of them that a person may name an agent by them.</summary>
    public static bool IsPrefix(string text) => text.Length is >= PrefixHexDigitsMin and <= 64 && Hex().IsMatch(text);

    /// <summary>Checks one agent.</summary>
    /// <exception cref="AgentException">Something of it cannot be; the message says what would be right.</exception>
    public static void Check(Agent agent)
    {
        if (!Principal.IsFingerprint(agent.Fingerprint))
        {
            throw new AgentException("an agent's fingerprint must be 64 hexadecimal digits, in lower case");
        }

        if (agent.Name is { } name && !IsName(name))
        {
            throw new AgentException(
                $"\"{name}\" cannot be an agent's name: 1 to 40 of a-z, 0-9 and -, and not {PrefixHexDigitsMin} or more hexadecimal digits, which would read as a fingerprint");
        }

        if (agent.Roles.Count is 0 or > RolesMax)
        {
            throw new AgentException($"an agent has {agent.Roles.Count} roles: it must have 1 to {RolesMax}");
        }

        if (agent.Roles.FirstOrDefault(role => !IsRole(role)) is { } wrong)
        {
            throw new AgentException($"\"{wrong}\" cannot be a role: 1 to 40 of a-z, 0-9 and -");
        }

        if (agent.Keys.Count > KeysMax)
        {
            throw new AgentException($"the agent {agent} has {agent.Keys.Count} keys: it may have {KeysMax}");
        }
    }

    [GeneratedRegex(@"\A[a-z0-9-]{1,40}\z")]
    private static partial Regex Word();

    [GeneratedRegex(@"\A[0-9a-f]+\z")]
    private static partial Regex Hex();
}
