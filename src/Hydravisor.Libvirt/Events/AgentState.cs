namespace Hydravisor.Libvirt;

/// <summary>Whether the guest agent is there (<c>virConnectDomainEventAgentLifecycleState</c>).</summary>
public enum AgentState
{
    /// <summary>Agent connected.</summary>
    Connected = 1,
    /// <summary>Agent disconnected.</summary>
    Disconnected = 2,
}

/// <summary>Why the agent came or went (<c>virConnectDomainEventAgentLifecycleReason</c>).</summary>
public enum AgentStateReason
{
    /// <summary>Unknown state change reason.</summary>
    Unknown = 0,
    /// <summary>State changed due to domain start.</summary>
    DomainStarted = 1,
    /// <summary>Channel state changed.</summary>
    Channel = 2,
}
