using System.CommandLine;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Setup.Migration;

namespace Hydravisor.Host.Verbs;

/// <summary><c>hydravisor agent migrate</c>: the agents of a file to those that nodes share, where the journal is there already.</summary>
internal static class AgentMigrateVerb
{
    /// <summary>The verb.</summary>
    public static Command Build()
    {
        var verb = new Command("migrate", "Bring the agents of agents.json into the database that the settings name; the file is agents.json.migrated then");
        return AgentVerbs.On(verb, async (_, environment, agents, stop) =>
        {
            if (agents.Journal is not JournalAddress.Database database)
            {
                throw new VerbFailure("no database is named: HYDRAVISOR_POSTGRESQL, or hydravisor.journal.postgresql", ExitCode.Usage);
            }

            var migrating = new MigratingAgents(agents.Directory, database, environment.Time);
            try
            {
                var coming = migrating.Read() ?? throw new VerbFailure($"there is no {TerminalText.Of(migrating.File)}: there is nothing to bring");
                await agents.Store.ChangeAsync(there => migrating.Add(there, coming), stop);
                migrating.Rename();
                await environment.Output.WriteLineAsync(JournalOutput.AgentsSentence(coming.Agents.Count, dryRun: false));
            }
            catch (MigrationRefusedException refused)
            {
                throw new VerbFailure(TerminalText.Of(refused.Message));
            }
        });
    }
}
