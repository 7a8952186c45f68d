using System.Globalization;
using System.Text.Json.Nodes;
using Hydravisor.Actors.Access.Agents;
using Hydravisor.Actors.Setup.Migration;
using Spectre.Console;

namespace Hydravisor.Host.Verbs;

/// <summary>What became of a journal, on stdout: a table and a sentence for people, an object for programs.</summary>
internal sealed class JournalOutput(VerbEnvironment environment, bool json)
{
    /// <summary>A migration.</summary>
    /// <param name="done">What it came to.</param>
    /// <param name="dryRun">Whether nothing was changed.</param>
    /// <param name="isSet">Whether the node's settings name a database.</param>
    public void Migrated(Migrated done, bool dryRun, bool isSet)
    {
        var (journal, wasThere) = (done.Journal, done.Decision is MigrationDecision.OnlyRename);
        if (json)
        {
            environment.Output.WriteLine(new JsonObject
            {
                ["node"] = journal.Node,
                ["from"] = journal.File,
                ["to"] = done.Database.ToString(),
                ["dry_run"] = dryRun,
                ["was_there"] = wasThere,
                ["streams"] = journal.Check.Streams,
                ["events"] = journal.Check.Events,
                ["snapshots"] = journal.Snapshots,
                ["vms"] = journal.Vms.Count,
                ["vms_deleted"] = journal.DeletedVms,
                ["agents"] = done.Agents,
                ["seconds"] = Math.Round(done.Elapsed.TotalSeconds, 3),
            }.ToJsonString());
            return;
        }

        var table = PlainTable.Of("NODE", "STREAMS", "EVENTS", "SNAPSHOTS", "VMS", "DELETED VMS", "SECONDS");
        table.AddRow(
            new Text(TerminalText.Of(journal.Node)), Number(journal.Check.Streams), Number(journal.Check.Events), Number(journal.Snapshots), Number(journal.Vms.Count), Number(journal.DeletedVms),
            new Text(done.Elapsed.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture)));
        environment.Show(table);
        environment.Output.WriteLine(TerminalText.Of(Sentence(done, dryRun, wasThere)));
        if (done.Agents > 0)
        {
            environment.Output.WriteLine(AgentsSentence(done.Agents, dryRun));
        }

        if (!dryRun && !isSet)
        {
            environment.Output.WriteLine("Set hydravisor.journal.postgresql (or HYDRAVISOR_POSTGRESQL) before the node starts again.");
        }
    }

    private static string Sentence(Migrated done, bool dryRun, bool wasThere) => (dryRun, wasThere) switch
    {
        (true, false) => $"This would be moved into {done.Database}; nothing was changed.",
        (true, true) => $"{done.Database} has all of it already; only the file would be renamed. Nothing was changed.",
        (false, true) => $"{done.Database} had all of it already; the file is now {MigratedFile.Of(done.Journal.File)}.",
        (false, false) => $"Moved into {done.Database}; the file is now {MigratedFile.Of(done.Journal.File)}.",
    };

    /// <summary>What became of agents, or would.</summary>
    internal static string AgentsSentence(int count, bool dryRun) => (count == 1 ? "1 agent" : $"{count} agents") + (dryRun
        ? $" of {AgentFile.Name} would come along."
        : $" of {AgentFile.Name} came along; that is {MigratedFile.Of(AgentFile.Name)} now. It holds keys: remove it when you need it no more.");

    private static Text Number(long number) => new(number.ToString(CultureInfo.InvariantCulture));
}
