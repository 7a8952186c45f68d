using Hydravisor.Chaos.Histories;

namespace Hydravisor.Chaos.Checking;

/// <summary>Logs have no hole that no gap explains, and each number is one entry, whoever reads it. That of a VM that went to another node begins anew there, and is not looked at.</summary>
internal static class LogRules
{
    /// <summary>All that must not be.</summary>
    public static IEnumerable<Finding> Find(IReadOnlyList<HistoryEvent> history, FinalState final)
    {
        var next = new Dictionary<(int Connection, string Vm), long>();
        var entries = new Dictionary<(string Vm, long Number), LogLine>();
        foreach (var one in history)
        {
            switch (one)
            {
                case var _ when VmOf(one) is { } vm && final.Moved.Contains(vm):
                    break;
                case LogBegun begun:
                    next[(begun.Connection, begun.Vm)] = begun.Next;
                    break;
                case LogGap gap:
                    if (Expected(gap, gap.Vm) is { } before && before != gap.From)
                    {
                        yield return Hole(history, gap, gap.Vm, before, $"a gap from {gap.From}");
                    }

                    next[(gap.Connection, gap.Vm)] = gap.To + 1;
                    break;
                case LogLine line:
                    if (Expected(line, line.Vm) is var expected && expected != line.Number)
                    {
                        yield return Hole(history, line, line.Vm, expected, $"entry {line.Number}");
                    }

                    next[(line.Connection, line.Vm)] = line.Number + 1;
                    if (entries.TryGetValue((line.Vm, line.Number), out var known) && known.Content != line.Content)
                    {
                        yield return new Finding("log-number-twice", $"entry {line.Number} of {line.Vm} is not the same for all who read it", [known, line]);
                    }

                    entries.TryAdd((line.Vm, line.Number), line);
                    break;
                case LogEnded ended:
                    next.Remove((ended.Connection, ended.Vm));
                    break;
            }
        }

        long? Expected(HistoryEvent one, string vm) => next.TryGetValue((one.Connection, vm), out var number) ? number : null;
    }

    private static Finding Hole(IReadOnlyList<HistoryEvent> history, HistoryEvent found, string vm, long? expected, string what) => new(
        "log-hole",
        expected is null ? $"{what} of the log of {vm} came to who does not follow it" : $"{what} of the log of {vm} came where {expected} was to come",
        [.. history.Where(one => one.Connection == found.Connection && one.At <= found.At && VmOf(one) == vm).TakeLast(12)]);

    // Whose log it is about; null: about none.
    private static string? VmOf(HistoryEvent one) => one switch
    {
        LogBegun begun => begun.Vm,
        LogLine line => line.Vm,
        LogGap gap => gap.Vm,
        LogEnded ended => ended.Vm,
        _ => null,
    };
}
