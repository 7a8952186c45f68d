using Hydravisor.Protocol;

namespace Hydravisor.EndToEnd.Tests.Chaos;

/// <summary>What an agent asked of a VM, when it asked first.</summary>
internal sealed record Wish(DateTimeOffset At, string Type);

/// <summary>One VM as the agent that made it must find it: the model that the node is held to.</summary>
internal sealed class ChaosVm(string key)
{
    /// <summary>The request id of its creation.</summary>
    public string Key { get; } = key;

    /// <summary>Its id, once the creation was acknowledged.</summary>
    public string? Id { get; set; }

    /// <summary>The phase that it must come to.</summary>
    public VmPhase Goal { get; set; } = VmPhase.Running;

    /// <summary>The incarnation that it must have come to then, at least.</summary>
    public long Incarnation { get; set; } = 1;

    /// <summary>The highest incarnation that was seen.</summary>
    public long SeenIncarnation { get; private set; }

    /// <summary>The highest revision that was seen.</summary>
    public long SeenRevision { get; private set; }

    /// <summary>Whether its deletion was acknowledged.</summary>
    public bool Deleted { get; set; }

    /// <summary>Whether the last that was asked of it was a reboot, and was asked for twice.</summary>
    public bool MayRebootTwice { get; set; }

    /// <summary>All that was asked of it.</summary>
    public List<Wish> Wishes { get; } = [];

    /// <summary>Whether that state is what it must come to.</summary>
    public bool IsThere(VmStateMessage state)
    {
        See(state);
        return state.State == Goal && state.Incarnation >= Incarnation;
    }

    /// <summary>Holds a state against what was seen before: neither number may ever go back.</summary>
    public void See(VmStateMessage state)
    {
        Assert.True(state.Incarnation >= SeenIncarnation, $"{Id} went from incarnation {SeenIncarnation} back to {state.Incarnation}.");
        Assert.True(state.Revision >= SeenRevision, $"{Id} went from revision {SeenRevision} back to {state.Revision}.");
        Assert.True(state.State != VmPhase.Failed, $"{Id} failed: {state.Reason}");
        (SeenIncarnation, SeenRevision) = (state.Incarnation, state.Revision);
    }
}
