using Akka.Actor;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Vms;

namespace Hydravisor.Actors.Cluster;

/// <summary>Brings messages to VMs that this node released, or that are gone from it: the store says for each message whose the VM is now.</summary>
/// <remarks>
/// A VM changes hands by one write of the node that takes it. From then on what the node before would say of it is old, and it hears of that write a moment later, as do those who believe the VM there.
/// </remarks>
internal sealed class StraysActor : UntypedActor
{
    private const int OpenMax = 10_000;
    private readonly DirectoryParts _parts;
    private int _open;

    /// <summary>Makes it.</summary>
    public StraysActor(DirectoryParts parts) => _parts = parts;

    /// <inheritdoc/>
    protected override void PreStart() => _parts.Host.Tell(new HostMessages.SendStraysTo(Self));

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case HostMessages.Stray stray when _open >= OpenMax:
                NotNow(stray, $"{OpenMax} messages are being brought to VMs that moved already");
                break;
            case HostMessages.Stray stray:
                _open++;
                _parts.Places.FindAsync(stray.About.Id).PipeTo(Self, success: node => new Located(stray, node, null), failure: e => new Located(stray, null, e.GetBaseException().Message));
                break;
            case Located located:
                _open--;
                OnLocated(located);
                break;
            case LostAnswer { Reply: { } reply } answer:
                _open--;
                answer.Sender.Tell(reply);
                break;
            case LostAnswer answer:
                // It changed hands again.
                _open--;
                Self.Tell(new HostMessages.Stray(answer.About, answer.Sender));
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void OnLocated(Located located)
    {
        var (about, sender) = located.Stray;
        if (located.Trouble is { } trouble)
        {
            NotNow(located.Stray, $"where it is cannot be looked up: {trouble}");
        }
        else if (located.Node is not { } node)
        {
            sender.Tell(VmReply.NotThere(about.Id, about.Correlation));
        }
        else if (node == _parts.Members.Self)
        {
            OnOwn(located.Stray);
        }
        else if (_parts.Members.ByName.GetValueOrDefault(node) is { IsThere: true } member)
        {
            _parts.HostOf(member).Tell(about, sender);
        }
        else
        {
            _open++;
            LostAnswer.FindAsync(_parts.Places, node, _parts.Members.ByName.GetValueOrDefault(node)?.Since ?? _parts.Time.GetUtcNow(), about, sender).PipeTo(Self);
        }
    }

    // Nobody has taken it yet, or it is this one's again.
    private void OnOwn(HostMessages.Stray stray)
    {
        if (_parts.Roster.TryFindReleased(stray.About.Id, out var vm) || _parts.Roster.TryFind(stray.About.Id, out vm))
        {
            vm.Tell(stray.About, stray.Sender);
        }
        else
        {
            NotNow(stray, "its actor is being started");
        }
    }

    private static void NotNow(HostMessages.Stray stray, string why) => stray.Sender.Tell(LostAnswer.NotNow(stray.About, stray.Sender, why).Reply);

    private sealed record Located(HostMessages.Stray Stray, string? Node, string? Trouble) : INoSerializationVerificationNeeded;
}
