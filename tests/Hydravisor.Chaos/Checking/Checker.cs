using Hydravisor.Chaos.Histories;

namespace Hydravisor.Chaos.Checking;

/// <summary>Holds what all clients did and were told against what is there in the end. Pure.</summary>
internal static class Checker
{
    /// <summary>All that must not be.</summary>
    /// <param name="history">What the clients did and were told, in the order in which it happened.</param>
    /// <param name="final">What is there in the end.</param>
    public static IReadOnlyList<Finding> Check(IReadOnlyList<HistoryEvent> history, FinalState final) =>
    [
        .. final.Troubles,
        .. RequestRules.Find(history, final),
        .. StateRules.Find(history, final),
        .. LogRules.Find(history, final),
        .. JournalRules.Find(history, final),
        .. WorldRules.Find(final),
    ];

    /// <summary>What history says of one VM, or of one request. Of what was refused for the moment the first is enough.</summary>
    public static IReadOnlyList<HistoryEvent> About(this IReadOnlyList<HistoryEvent> history, string? vm = null, string? requestId = null) =>
    [
        .. history.Where(one => one switch
        {
            Asked asked => IsOf(asked.Type, asked.Vm, vm) || asked.RequestId == requestId,
            Answered answered => IsOf(answered.Type, answered.Vm, vm) || answered.RequestId == requestId,
            Unanswered unanswered => IsOf(unanswered.Type, unanswered.Vm, vm) || unanswered.RequestId == requestId,
            Heard heard => vm is not null && heard.State.Vm == vm,
            _ => false,
        }).DistinctBy(one => one switch
        {
            Asked asked => (one.Connection, asked.RequestId, "asked"),
            Answered answered when RequestRules.IsNotNow(answered.Code) => (one.Connection, answered.RequestId, answered.Message),
            Heard heard => (0, heard.State.ToString(), "heard"),
            _ => (one.Connection, one.At.ToString(), "else"),
        }),
    ];

    private static bool IsOf(string type, string? vm, string? wanted) => wanted is not null && vm == wanted && RequestRules.IsChange(type);
}
