using Akka.Actor;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hosts;

/// <summary>What a host still has to learn after its start: before that, it would deny VMs that it has, or refuse ones it has room for.</summary>
/// <remarks>Not thread-safe: the host actor's own.</remarks>
internal sealed class HostRecovery
{
    private readonly List<IActorRef> _waiting = [];
    private HashSet<InstanceId>? _awaited;
    private string? _trouble;
    private bool _knowsHypervisor;

    /// <summary>Whether the registry is read back.</summary>
    public bool KnowsRegistry => _awaited is not null;

    /// <summary>Whether every VM was read back, or cannot be. Once true, it stays true.</summary>
    public bool IsReadBack => _awaited is { Count: 0 };

    /// <summary>How many VMs are still to be read back; null as long as the registry is.</summary>
    public int? Awaited => _awaited?.Count;

    /// <summary>Somebody waits: told <see cref="Ready"/> when all is read back, or cannot be.</summary>
    public void Wait(IActorRef who)
    {
        _waiting.Add(who);
        TellIfOver();
    }

    /// <summary>The registry is read back; these VMs are next. Only the first time counts.</summary>
    public void Expect(IEnumerable<InstanceId> ids)
    {
        _awaited ??= [.. ids];
        _trouble = null;
        TellIfOver();
    }

    /// <summary>A VM is read back, or cannot be.</summary>
    /// <returns>Whether it was the last.</returns>
    public bool Came(InstanceId id)
    {
        if (_awaited?.Remove(id) != true)
        {
            return false;
        }

        TellIfOver();
        return IsReadBack;
    }

    /// <summary>The registry itself cannot be read back.</summary>
    public void Fail(string reason)
    {
        if (_awaited is null)
        {
            _trouble = reason;
            TellIfOver();
        }
    }

    /// <summary>The hypervisor is there with all that it has to give, or is known to be away. Only the first time counts.</summary>
    public void KnowHypervisor()
    {
        if (!_knowsHypervisor)
        {
            _knowsHypervisor = true;
            TellIfOver();
        }
    }

    private void TellIfOver()
    {
        if ((_knowsHypervisor && _awaited is { Count: 0 }) || _trouble is not null)
        {
            _waiting.ForEach(who => who.Tell(new Ready(_trouble)));
            _waiting.Clear();
        }
    }

    /// <summary>Tell me when all is read back; answered by <see cref="Ready"/>.</summary>
    internal sealed record Await : INoSerializationVerificationNeeded;

    /// <summary>The host knows what it has; or why it cannot.</summary>
    /// <param name="Trouble">Why the registry cannot be read; null when it is.</param>
    internal sealed record Ready(string? Trouble) : INoSerializationVerificationNeeded;
}
