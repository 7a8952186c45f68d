using Hydravisor.Actors.Access.Agents;

namespace Hydravisor.Actors.Access;

/// <summary>Who speaks: an agent in a role, over a connection.</summary>
/// <param name="Agent">The agent's fingerprint (64 hexadecimal digits), or <see cref="Anonymous"/>.</param>
/// <param name="Role">The role it acts in, for example <c>trusted</c>.</param>
/// <param name="Connection">The connection's id, as it stands in the logs.</param>
/// <param name="Name">What the agent is called, where it has a name.</param>
internal sealed record Principal(string Agent, string Role, string Connection, string? Name = null)
{
    /// <summary>The agent of a connection that showed no credential.</summary>
    public const string Anonymous = "anonymous";

    /// <summary>Who holds the node's data directory, or the database that nodes share, and says there that an agent is frozen. Journals have the file's name for it, wherever the agents are.</summary>
    public static Principal Operator { get; } = new("operator", "brake", AgentFile.Name);

    /// <summary>One who may do nothing.</summary>
    public static Principal Nobody { get; } = new("nobody", "none", "");

    /// <summary>Whether the text is a fingerprint: 64 hexadecimal digits in lower case.</summary>
    public static bool IsFingerprint(string text) => text.Length == 64 && text.All(char.IsAsciiHexDigitLower);
}
