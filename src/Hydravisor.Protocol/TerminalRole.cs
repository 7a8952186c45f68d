using System.Diagnostics.CodeAnalysis;

namespace Hydravisor.Protocol;

/// <summary>What somebody at a VM's terminal may do.</summary>
public enum TerminalRole
{
    /// <summary>Reads and types; on the wire <c>operator</c>, its mode is <c>read-write</c>.</summary>
    Operator,

    /// <summary>Reads only; on the wire <c>auditor</c>, its mode is <c>read-only</c>.</summary>
    Auditor,
}

/// <summary>The names of terminal roles on the wire.</summary>
public static class TerminalRoleNames
{
    /// <summary>The name on the wire.</summary>
    public static string ToWireName(this TerminalRole role) => role == TerminalRole.Operator ? "operator" : "auditor";

    /// <summary>The <c>mode</c> that an attach of this role answers: <c>read-write</c> or <c>read-only</c>.</summary>
    public static string ToMode(this TerminalRole role) => role == TerminalRole.Operator ? "read-write" : "read-only";

    /// <summary>The role of a name on the wire; <see langword="false"/> if there is none.</summary>
    public static bool TryParse([NotNullWhen(true)] string? name, out TerminalRole role)
    {
        role = name == "operator" ? TerminalRole.Operator : TerminalRole.Auditor;
        return name is "operator" or "auditor";
    }
}
