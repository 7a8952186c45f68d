namespace Hydravisor.Actors.Access.Agents;

/// <summary>What tells whether the rest of <c>agents.json</c> can be understood.</summary>
internal sealed record AgentSchema(int Schema);
