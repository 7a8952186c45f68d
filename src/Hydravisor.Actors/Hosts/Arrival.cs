using Akka.Actor;
using Hydravisor.Actors.Hypervisors.Live;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hosts;

/// <summary>One VM on its way to this node. Not thread-safe: the desk's own.</summary>
/// <param name="id">The VM.</param>
/// <param name="from">The node that has it.</param>
internal sealed class Arrival(InstanceId id, string from)
{
    /// <summary>The VM.</summary>
    public InstanceId Id => id;

    /// <summary>The node that has it.</summary>
    public string From => from;

    /// <summary>What is under way.</summary>
    public ArrivalStep Step { get; set; }

    /// <summary>Whether anything is.</summary>
    public bool IsBusy => Step != ArrivalStep.Waiting;

    /// <summary>Whether it is this node's to take by now.</summary>
    public bool IsReleased { get; set; }

    /// <summary>Whether its disk can be taken.</summary>
    public bool WantsDisk { get; set; }

    /// <summary>Whether its disk is here.</summary>
    public bool HasDisk { get; set; }

    /// <summary>Whether anything lies aside for it: a disk, whole or not, or the note of a place that was made for it to come as it runs.</summary>
    public bool HasPlace { get; set; }

    /// <summary>The revision of the VM when its disk came.</summary>
    public long DiskOf { get; set; }

    /// <summary>Whether a place is wanted for it to come as it runs.</summary>
    public bool WantsLanding { get; set; }

    /// <summary>Whether it was said that it does not come after all, and nothing was wanted since.</summary>
    public bool Stays { get; set; }

    /// <summary>That place; null: none was made.</summary>
    public Landing? Landing { get; set; }

    /// <summary>How it stands, when that was read.</summary>
    public VmLeft? Left { get; set; }

    /// <summary>Who awaits an answer.</summary>
    public IActorRef Asker { get; set; } = ActorRefs.Nobody;

    /// <summary>Under which number.</summary>
    public long Correlation { get; set; }

    /// <summary>When anybody last wanted anything of it, as a timestamp of the clock.</summary>
    public long LastAsked { get; set; }

    /// <summary>Answers whoever waits.</summary>
    public void Answer(VmReply reply)
    {
        Asker.Tell(reply);
        Asker = ActorRefs.Nobody;
    }
}

/// <summary>What is under way of a VM on its way to this node.</summary>
internal enum ArrivalStep
{
    /// <summary>Nothing is under way.</summary>
    Waiting,

    /// <summary>The store is asked how it stands.</summary>
    Reading,

    /// <summary>Room is kept.</summary>
    Registering,

    /// <summary>Its disk comes.</summary>
    Taking,

    /// <summary>A place is made for it to come as it runs.</summary>
    Landing,

    /// <summary>Its actor takes it over.</summary>
    Adopting,
}
