using Akka.Actor;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Cluster;

/// <summary>What is to be said about a VM whose node cannot be asked.</summary>
/// <param name="About">The message.</param>
/// <param name="Sender">Who sent it.</param>
/// <param name="Reply">The answer; null: the VM is another node's by now, which is to be asked.</param>
/// <param name="Node">That node.</param>
internal sealed record LostAnswer(IVmMessage About, IActorRef Sender, VmReply? Reply, string? Node = null) : INoSerializationVerificationNeeded
{
    /// <summary>Finds it. The node may work on where others reach it: how the VM stands is what the store says now.</summary>
    /// <param name="places">The store.</param>
    /// <param name="node">The node that cannot be asked.</param>
    /// <param name="since">Since when.</param>
    /// <param name="about">The message.</param>
    /// <param name="sender">Who sent it.</param>
    public static async Task<LostAnswer> FindAsync(IPlaces places, string node, DateTimeOffset since, IVmMessage about, IActorRef sender)
    {
        VmView? found;
        try
        {
            found = await places.VmAsync(about.Id).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            return NotNow(about, sender, $"{Member.Lost(node)}, and how it stands cannot be looked up: {e.GetBaseException().Message}");
        }

        return found switch
        {
            { } view when !about.Reach.Covers(view.Facts) => new(about, sender, VmReply.NotThere(about.Id, about.Correlation)),
            { } view when view.Node != node => new(about, sender, null, view.Node),
            { } view when about is VmQuery => new(about, sender, new VmReply.Granted(LostNodes.Show(view, since), Already: true) { Correlation = about.Correlation }),
            { } => NotNow(about, sender, Member.Lost(node)),
            // What is left of a deleted one is on that node.
            null when about is VmQuery { AlsoGone: true } => NotNow(about, sender, Member.Lost(node)),
            null => new(about, sender, VmReply.NotThere(about.Id, about.Correlation)),
        };
    }

    /// <summary>The refusal of what may be asked again.</summary>
    public static LostAnswer NotNow(IVmMessage about, IActorRef sender, string why) => new(
        about, sender, new VmReply.Denied(about.Id, ErrorCode.Unavailable, $"{about.Id} is not available now: {why}; nothing was done, try again") { Correlation = about.Correlation });
}
