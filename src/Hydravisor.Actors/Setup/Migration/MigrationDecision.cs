using System.Globalization;
using Hydravisor.Actors.Audit;

namespace Hydravisor.Actors.Setup.Migration;

/// <summary>What is to be done about a journal that shall be migrated.</summary>
internal abstract record MigrationDecision
{
    private const int FindingsShown = 5;

    private MigrationDecision()
    {
    }

    /// <summary>Decides. Pure.</summary>
    /// <param name="journal">The journal.</param>
    /// <param name="target">Where it shall go.</param>
    public static MigrationDecision Of(MigratingJournal journal, MigrationTarget target) =>
        WhyNot(journal) is { } why ? new Refuse(why)
        : target.Check is { } there
            ? IsSame(journal.Check, there) ? new OnlyRename() : new Refuse(AnotherIsThere(journal, target.Database, there))
        : target.Conflicts.Count > 0
            ? new Refuse($"{target.Conflicts.Count} of its VMs cannot be told from those of other nodes in {target.Database}; delete one of each two before:\n  {string.Join("\n  ", target.Conflicts)}")
        : new Move();

    private static string? WhyNot(MigratingJournal journal) =>
        journal.Strange is { } strange ? $"{journal.File} has a form that this program does not know, maybe that of a later version: {strange}"
        : journal.Check.Findings is { Count: > 0 } findings ? Findings(journal.File, findings)
        : journal.Foreign is { } foreign ? $"{journal.File} has the stream {foreign}, which is not of the node '{journal.Node}' that its directory names"
        : journal.Check.Events == 0 ? $"{journal.File} has no events: there is nothing to move"
        : null;

    private static string Findings(string file, IReadOnlyList<ChainFinding> findings) => string.Create(
        CultureInfo.InvariantCulture,
        $"{file} is not as it was written ({findings.Count} {(findings.Count == 1 ? "finding" : "findings")}); to see all: hydravisor audit verify --journal {file}\n  {string.Join("\n  ", findings.Take(FindingsShown).Select(finding => $"{finding.Stream} {finding.Sequence}: {finding.Sentence}"))}");

    // Each hash names the one before, so that streams with the same heads are the same.
    private static bool IsSame(JournalCheck one, JournalCheck other) =>
        other.Findings.Count == 0 && one.Events == other.Events && one.Heads.Count == other.Heads.Count
        && one.Heads.All(head => other.Heads.TryGetValue(head.Key, out var same) && same == head.Value);

    private static string AnotherIsThere(MigratingJournal journal, string database, JournalCheck there) => string.Create(
        CultureInfo.InvariantCulture,
        $"{database} has {there.Events} events of the node '{journal.Node}' already, and they are not those of {journal.File}. To see them: hydravisor audit show --journal URI. A node has one journal: give another database, or move the file away");

    /// <summary>The journal goes there.</summary>
    public sealed record Move : MigrationDecision;

    /// <summary>It is there to the last event, and only the file has its old name still: the one who moved it was ended.</summary>
    public sealed record OnlyRename : MigrationDecision;

    /// <summary>Nothing is done.</summary>
    /// <param name="Why">For a person; may have several lines.</param>
    public sealed record Refuse(string Why) : MigrationDecision;
}
