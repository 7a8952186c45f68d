namespace Hydravisor.Actors.Hypervisors.Live;

/// <summary>What two hypervisors say to each other while a domain goes from one to the other as it runs, each on connections of its own.</summary>
internal enum LiveChannel
{
    /// <summary>What is done next.</summary>
    Control,

    /// <summary>The guest's memory and devices.</summary>
    Memory,

    /// <summary>Its disks.</summary>
    Disks,
}
