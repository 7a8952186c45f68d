using Hydravisor.Chaos.Histories;

namespace Hydravisor.Chaos.Checking;

/// <summary>Something that must not be.</summary>
/// <param name="Rule">Which promise it breaks, in a word.</param>
/// <param name="Text">What was found.</param>
/// <param name="Shown">The piece of history that shows it.</param>
internal sealed record Finding(string Rule, string Text, IReadOnlyList<HistoryEvent> Shown)
{
    private const int ShownMax = 60;

    /// <inheritdoc/>
    public override string ToString() =>
        $"{Rule}: {Text}{string.Concat(Shown.Take(ShownMax).Select(one => "\n    " + History.LineOf(one)))}{(Shown.Count > ShownMax ? $"\n    … {Shown.Count - ShownMax} more" : "")}";
}
