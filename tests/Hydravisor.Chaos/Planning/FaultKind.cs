namespace Hydravisor.Chaos.Planning;

/// <summary>What can befall a cluster.</summary>
internal enum FaultKind
{
    /// <summary>A node's process is killed, and started again afterwards.</summary>
    KillNode,

    /// <summary>A node's process stands still, and runs on afterwards without knowing it.</summary>
    PauseNode,

    /// <summary>Two nodes do not reach each other; the third reaches both.</summary>
    CutLink,

    /// <summary>What one node says does not reach one other.</summary>
    CutLinkOneWay,

    /// <summary>A node reaches no other one, and no other one reaches it.</summary>
    CutOff,

    /// <summary>A node hears the others, and they do not hear it.</summary>
    Mute,

    /// <summary>A node is cut off, and while it is, killed and started again.</summary>
    CutOffAndKill,

    /// <summary>A node and the database do not reach each other. (Clients are where the database is.)</summary>
    CutFromDatabase,

    /// <summary>What a node says reaches neither the database nor clients.</summary>
    MuteToDatabase,

    /// <summary>All nodes are killed at once and started again at once, as after a loss of power.</summary>
    KillAllNodes,

    /// <summary>The database's processes are killed, and it is started again afterwards.</summary>
    KillDatabase,

    /// <summary>The database is stopped in order, and started again afterwards.</summary>
    StopDatabase,

    /// <summary>The libvirtd of a node is killed, and started again afterwards.</summary>
    KillLibvirt,

    /// <summary>A node is drained, and resumed afterwards: nothing that breaks, and each of the others may befall it meanwhile.</summary>
    DrainNode,
}
