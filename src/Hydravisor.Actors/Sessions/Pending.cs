using Hydravisor.Actors.Access;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Sessions;

/// <summary>A request that waits for its answer.</summary>
/// <param name="Type">Its wire type.</param>
/// <param name="RequestId">The agent's own id of it.</param>
/// <param name="InstanceId">The VM it is about.</param>
/// <param name="From">Who asks.</param>
/// <param name="Rule">The rule that let it.</param>
/// <param name="Policy">The digest of the policy in force.</param>
/// <param name="Deadline">When it is given up, as a timestamp of the session's clock.</param>
/// <param name="Then">What is to be carried out here once the VM has let it; null: its reply is the answer.</param>
/// <param name="Typed">What is to be typed, where the VM decides on that; it is only asked otherwise, and then nothing may be.</param>
internal readonly record struct Pending(
    string Type, string? RequestId, string? InstanceId, Principal From, string Rule, string Policy, long Deadline, InstanceMessage? Then = null, byte[]? Typed = null)
{
    /// <summary>Whether its answer is a list, which may be long.</summary>
    public bool IsForList => Type == MessageTypes.VmList || InstanceId == VmStateQuery.Every;

    /// <summary>An error in answer to it.</summary>
    public ErrorMessage Error(ErrorCode code, string message, string? instanceId = null) =>
        new() { Code = code, Message = message, InstanceId = instanceId ?? InstanceId, Meta = ReplyMeta.For(RequestId) };
}

/// <summary>The requests of a session that wait for their answers. Not thread-safe: the session's own.</summary>
internal sealed class PendingRequests
{
    private readonly Dictionary<long, Pending> _byCorrelation = [];
    private long _last;
    private int _lists;

    /// <summary>How many there are.</summary>
    public int Count => _byCorrelation.Count;

    /// <summary>Whether the answer to one of them is a list.</summary>
    public bool AwaitsList => _lists > 0;

    /// <summary>Adds one and gives it a number.</summary>
    public long Add(Pending pending)
    {
        _byCorrelation[++_last] = pending;
        _lists += pending.IsForList ? 1 : 0;
        return _last;
    }

    /// <summary>Takes the one that was answered; false when it was given up meanwhile.</summary>
    public bool TryTake(long correlation, out Pending pending)
    {
        var taken = _byCorrelation.Remove(correlation, out pending);
        _lists -= taken && pending.IsForList ? 1 : 0;
        return taken;
    }

    /// <summary>Takes those whose time is up.</summary>
    public IReadOnlyList<Pending> TakeOverdue(long now)
    {
        var overdue = _byCorrelation.Where(pair => pair.Value.Deadline <= now).ToList();
        foreach (var (correlation, _) in overdue)
        {
            TryTake(correlation, out _);
        }

        return [.. overdue.Select(pair => pair.Value)];
    }
}
