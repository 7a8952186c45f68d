using Hydravisor.Actors.Access.Agents;
using Hydravisor.Actors.Journal;

namespace Hydravisor.Actors.Setup.Migration;

/// <summary>Brings the agents of a node's file to those in a database: all of them or none.</summary>
/// <param name="directory">The node's data directory.</param>
/// <param name="database">The database.</param>
/// <param name="time">The clock.</param>
internal sealed class MigratingAgents(string directory, JournalAddress.Database database, TimeProvider time)
{
    private readonly AgentFile _file = new(directory, time);

    /// <summary>The file that they are in.</summary>
    public string File => _file.Path;

    /// <summary>What it is called when they are in the database.</summary>
    public string Migrated => MigratedFile.Of(_file.Path);

    /// <summary>The agents of the file; null: there is none.</summary>
    /// <exception cref="MigrationRefusedException">They cannot be read.</exception>
    public AgentBook? Read()
    {
        try
        {
            return System.IO.File.Exists(_file.Path) ? _file.Read() : null;
        }
        catch (AgentException e)
        {
            throw new MigrationRefusedException(e.Message);
        }
    }

    /// <summary>Those that are there, with those of the file.</summary>
    /// <param name="there">Those that are there.</param>
    /// <param name="coming">Those of the file.</param>
    /// <exception cref="MigrationRefusedException">Two of them cannot be at once.</exception>
    public AgentBook Add(AgentBook there, AgentBook coming)
    {
        try
        {
            return there.Merge(coming);
        }
        catch (AgentException e)
        {
            throw new MigrationRefusedException(
                $"the agents of {_file.Path} and those in {database} cannot be together: {e.Message}. Nothing was moved. Make them the same (hydravisor agent), or take that agent out of the file if the one in the database is right");
        }
    }

    /// <summary>Gives the file its other name, for good. It holds keys yet.</summary>
    /// <exception cref="SettingException">It cannot be done; its agents are in the database all the same.</exception>
    public void Rename()
    {
        if (System.IO.File.Exists(_file.Path))
        {
            MigratedFile.Rename(_file.Path, "agents are");
        }
    }
}
