namespace Hydravisor.Actors.Access.Agents;

/// <summary>An agent, and the one of its keys that was asked for.</summary>
internal sealed record AgentKeyMatch(Agent Agent, AgentKey Key);
