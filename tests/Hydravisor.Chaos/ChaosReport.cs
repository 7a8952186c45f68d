using System.Globalization;
using System.Text;
using Hydravisor.Chaos.Checking;
using Hydravisor.Chaos.Histories;
using Hydravisor.Chaos.Planning;

namespace Hydravisor.Chaos;

/// <summary>What is to be said of one run.</summary>
/// <param name="Seed">Its seed.</param>
/// <param name="Findings">What must not be; empty: all held.</param>
/// <param name="Acknowledged">How many changes were acknowledged.</param>
/// <param name="Text">All of it, for people.</param>
internal sealed record ChaosReport(int Seed, IReadOnlyList<Finding> Findings, int Acknowledged, string Text)
{
    private const int ShownMax = 3;

    /// <summary>Makes it.</summary>
    /// <param name="plan">What befell the cluster.</param>
    /// <param name="history">What the clients did and were told.</param>
    /// <param name="findings">What was found.</param>
    public static ChaosReport Make(ChaosPlan plan, IReadOnlyList<HistoryEvent> history, IReadOnlyList<Finding> findings)
    {
        var (answers, lost) = (history.OfType<Answered>().ToList(), history.OfType<Unanswered>().Count());
        var acknowledged = answers.Count(answer => answer.Code == 0 && RequestRules.IsChange(answer.Type));
        var text = new StringBuilder();
        Line(text, $"seed {plan.Seed}: {plan.Faults.Count} faults ({string.Join(", ", plan.Faults.GroupBy(fault => fault.Kind).Select(kind => $"{kind.Count()} {kind.Key}"))})");
        Line(text, $"{answers.Count + lost} requests over {history.OfType<Connected>().Count()} connections; {acknowledged} changes acknowledged, {answers.Count(answer => answer is { Type: "vm/create", Code: 0 })} of them creations");
        Line(text, $"answers: {string.Join(", ", answers.GroupBy(answer => answer.Code).OrderBy(code => code.Key).Select(code => $"{(code.Key == 0 ? "ok" : code.Key)} {code.Count()}"))}, none {lost}");
        Line(text, $"{history.OfType<Heard>().Count()} broadcasts; {history.OfType<LogLine>().Count()} log entries, {history.OfType<LogGap>().Count()} gaps");
        foreach (var node in plan.Nodes)
        {
            Line(text, $"{node} refused or did not answer changes for {RefusedSeconds(history, node):0} s");
        }

        foreach (var finding in findings.GroupBy(finding => finding.Rule).SelectMany(rule => rule.Take(ShownMax)))
        {
            Line(text, $"{finding}");
        }

        Line(text, $"seed {plan.Seed}: {findings.Count} findings{(findings.Count == 0 ? "" : $" ({string.Join(", ", findings.GroupBy(finding => finding.Rule).Select(rule => $"{rule.Count()} {rule.Key}"))})")}");
        return new ChaosReport(plan.Seed, findings, acknowledged, text.ToString());
    }

    // From the first change that a node refused, or did not answer, to the next that it acknowledged.
    private static double RefusedSeconds(IReadOnlyList<HistoryEvent> history, string node)
    {
        var (sum, since) = (TimeSpan.Zero, (TimeSpan?)null);
        foreach (var one in history.Where(one => one.Node == node))
        {
            switch (one)
            {
                case Answered { Code: 503 or 408 } refused when RequestRules.IsChange(refused.Type):
                    since ??= refused.At;
                    break;
                case Unanswered lost when RequestRules.IsChange(lost.Type):
                    since ??= lost.At;
                    break;
                case Answered done when RequestRules.IsChange(done.Type) && since is { } began:
                    (sum, since) = (sum + (done.At - began), null);
                    break;
            }
        }

        return sum.TotalSeconds;
    }

    private static void Line(StringBuilder text, FormattableString line) => text.AppendLine(line.ToString(CultureInfo.InvariantCulture));
}
