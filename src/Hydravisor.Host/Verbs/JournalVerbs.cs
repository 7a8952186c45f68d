using System.CommandLine;
using Hydravisor.Actors.Audit;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Setup;
using Hydravisor.Actors.Setup.Migration;

namespace Hydravisor.Host.Verbs;

/// <summary><c>hydravisor journal …</c>: where a node's journal is. The node must not run.</summary>
internal static class JournalVerbs
{
    private static readonly Option<string?> Data = DataPlace.Option();

    /// <summary>The group of verbs.</summary>
    public static Command Build() => new("journal", "Move a node's journal from its file into a PostgreSQL database that nodes share.")
    {
        Data,
        Migrate(),
    };

    private static Command Migrate()
    {
        var to = new Option<string?>("--to")
        {
            Description = "The database, postgresql://USER@HOST:PORT/DATABASE; else HYDRAVISOR_POSTGRESQL, hydravisor.journal.postgresql",
            HelpName = "URI",
        };
        var dryRun = new Option<bool>("--dry-run") { Description = "Check everything and say what would be moved; change nothing" };
        var output = new Option<string>("--output", "-o") { Description = "table for people, json for programs", DefaultValueFactory = _ => "table" }
            .AcceptOnlyFromAmong("table", "json");
        var verb = new Command("migrate", "Move all of it in one transaction: afterwards the file is journal.db.migrated, and the node starts over the database") { to, dryRun, output };
        verb.SetAction((parsed, cancellation) => LocalVerb.RunAsync(
            parsed,
            async environment =>
            {
                var isDry = parsed.GetValue(dryRun);
                var settings = DataPlace.SettingsOf(environment, parsed.GetValue(Data));
                var migration = new JournalMigration(settings.DataDirectory, DatabaseOf(parsed.GetValue(to), settings), settings.JournalClaimTimeout);
                try
                {
                    var done = await migration.RunAsync(isDry, cancellation);
                    new JournalOutput(environment, parsed.GetValue(output) == "json").Migrated(done, isDry, isSet: settings.Journal is not null);
                    return ExitCode.Ok;
                }
                catch (MigrationRefusedException refused)
                {
                    throw new VerbFailure(string.Join('\n', refused.Message.Split('\n').Select(TerminalText.Of)));
                }
            },
            wrong => wrong switch
            {
                SettingException => ExitCode.Refused,
                JournalUnreadableException => ExitCode.Unreadable,
                _ => null,
            },
            cancellation));
        return verb;
    }

    private static JournalAddress.Database DatabaseOf(string? to, NodeSettings settings)
    {
        if (to is null)
        {
            return settings.Journal as JournalAddress.Database
                ?? throw new VerbFailure("no database is given: --to postgresql://USER@HOST:PORT/DATABASE, or HYDRAVISOR_POSTGRESQL, or hydravisor.journal.postgresql", ExitCode.Usage);
        }

        try
        {
            return PostgresUri.Parse(to);
        }
        catch (FormatException e)
        {
            throw new VerbFailure($"--to: {TerminalText.Of(e.Message)}", ExitCode.Usage);
        }
    }
}
