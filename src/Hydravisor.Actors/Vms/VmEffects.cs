using Hydravisor.Protocol;

namespace Hydravisor.Actors.Vms;

/// <summary>What is to be done in the world. Data: an interpreter carries it out and answers with one observation each.</summary>
internal abstract record VmEffect
{
    private VmEffect()
    {
    }

    /// <summary>Carry out the operation in flight.</summary>
    public sealed record Perform(Operation Operation, long Incarnation) : VmEffect;

    /// <summary>Note that this boot began, where no start of the domain did, and wait for its sign of life.</summary>
    public sealed record AwaitLife(long Incarnation) : VmEffect;

    /// <summary>Wait for life no longer.</summary>
    public sealed record AwaitLifeNoMore : VmEffect;

    /// <summary>Look at the domain.</summary>
    public sealed record Look : VmEffect;

    /// <summary>Have a terminal session with a live console.</summary>
    public sealed record OpenTerminal : VmEffect;
}

/// <summary>Derives effects from states. Pure.</summary>
internal static class VmEffects
{
    /// <summary>What is to be done because the state went from one to the other.</summary>
    public static IReadOnlyList<VmEffect> Between(VmState before, VmState after)
    {
        var effects = new List<VmEffect>();
        if (after.Operation is { } operation)
        {
            if (before.Operation?.Number != operation.Number || before.Operation.Forced != operation.Forced)
            {
                effects.Add(new VmEffect.Perform(operation, after.Incarnation));
            }
        }
        else if (before.Operation is not null && after.Exists)
        {
            // News that came while the operation ran were not believed: look at the truth now.
            effects.Add(new VmEffect.Look());
        }

        if (after is { Run: not 0, Operation.Kind: OperationKind.Resume } && before.Run == 0)
        {
            // It came from another node as it ran.
            effects.Add(new VmEffect.OpenTerminal());
        }

        if (AwaitsLife(after) && (!AwaitsLife(before) || before.Incarnation != after.Incarnation))
        {
            effects.Add(new VmEffect.OpenTerminal());
            effects.Add(new VmEffect.AwaitLife(after.Incarnation));
        }
        else if (AwaitsLife(before) && !AwaitsLife(after))
        {
            effects.Add(new VmEffect.AwaitLifeNoMore());
        }

        return effects;
    }

    /// <summary>What is outstanding after the state was recovered and the domain was looked at.</summary>
    public static IReadOnlyList<VmEffect> Outstanding(VmState state)
    {
        var effects = new List<VmEffect>();
        if (state.IsReleased)
        {
            return effects;
        }

        if (state is { Exists: true, Run: not 0, Phase: not VmPhase.Deleting })
        {
            // Not behind a deletion, which would leave it to outlive the VM.
            effects.Add(new VmEffect.OpenTerminal());
        }

        if (state.Operation is { } operation)
        {
            effects.Add(new VmEffect.Perform(operation, state.Incarnation));
        }

        if (AwaitsLife(state))
        {
            effects.Add(new VmEffect.AwaitLife(state.Incarnation));
        }

        return effects;
    }

    /// <summary>Whether the guest is to show life next.</summary>
    public static bool AwaitsLife(VmState state) => state is { Phase: VmPhase.Booting, Operation: null };
}
