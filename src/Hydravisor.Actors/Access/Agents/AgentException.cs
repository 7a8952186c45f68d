namespace Hydravisor.Actors.Access.Agents;

/// <summary>What was asked of the agents cannot be done, or <c>agents.json</c> cannot be used; the message is for a person and bears no key.</summary>
internal sealed class AgentException(string message) : Exception(message);
