using Hydravisor.Actors.Audit;
using Hydravisor.Actors.Files;
using Hydravisor.Actors.Journal;
using Microsoft.Data.Sqlite;

namespace Hydravisor.Actors.Setup.Migration;

/// <summary>What becomes of the file when its journal is in a database: it keeps all, under a name by which no node takes it for its journal.</summary>
internal static class MigratedFile
{
    private const int WaitSeconds = 5;

    /// <summary>What it is called then.</summary>
    public static string Of(string file) => file + ".migrated";

    /// <summary>Brings all of it into the one file, so that it can be read where nothing can be written.</summary>
    /// <exception cref="SettingException">It cannot be done: another program has it open, or the disk is full.</exception>
    public static void Settle(string file)
    {
        try
        {
            using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false, DefaultTimeout = WaitSeconds }.ConnectionString);
            connection.Open();
            Run(connection, "pragma wal_checkpoint(truncate)");
            Run(connection, "pragma journal_mode = delete");
        }
        catch (SqliteException e)
        {
            throw new SettingException($"the log of {file} cannot be brought into it: {e.Message} If another program has it open, end that. Nothing was moved");
        }
    }

    /// <summary>Gives it that name, for good: it outlives a loss of power.</summary>
    /// <param name="file">The file.</param>
    /// <param name="what">What was in it, with its verb.</param>
    /// <exception cref="SettingException">It cannot be done; what was moved is in the database all the same.</exception>
    public static void Rename(string file, string what = "journal is")
    {
        try
        {
            // In one step, which a move that would not overwrite is not: it makes a second name and then removes the first.
            File.Move(file, Of(file), overwrite: true);
            NativeFile.FlushDirectory(Path.GetDirectoryName(file)!);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SettingException($"the {what} in the database, but {file} cannot be given the name {Of(file)}: {e.Message} Run the same again when that is mended");
        }
    }

    /// <summary>Why a node must not begin where such a file lies, or should; null: it may.</summary>
    /// <param name="journal">The journal that it was given.</param>
    /// <param name="file">Where a journal of its own would be.</param>
    /// <exception cref="SettingException">The file cannot be looked at.</exception>
    public static string? WhyNotBegin(JournalAddress journal, string file)
    {
        try
        {
            return WhyNotBegin(journal is JournalAddress.Database, File.Exists(file), File.Exists(Of(file)), () => HasEvents(file), file);
        }
        catch (JournalUnreadableException e)
        {
            throw new SettingException($"the node's journal is to be in {journal}, and what lies in its data directory must be looked at before: {e.Message}");
        }
    }

    /// <summary>The same, of what is there. Pure.</summary>
    /// <param name="isShared">Whether the journal is a database.</param>
    /// <param name="isThere">Whether the file is there.</param>
    /// <param name="wasMigrated">Whether a migrated one is.</param>
    /// <param name="hasEvents">Whether the file has events.</param>
    /// <param name="file">The file.</param>
    internal static string? WhyNotBegin(bool isShared, bool isThere, bool wasMigrated, Func<bool> hasEvents, string file) => (isShared, isThere, wasMigrated) switch
    {
        (false, false, true) =>
            $"the journal of this node was moved into PostgreSQL ({Of(file)}), and hydravisor.journal.postgresql (HYDRAVISOR_POSTGRESQL) names no database: without it the node would know none of its VMs",
        (true, true, _) when hasEvents() =>
            $"the journal of this node is still in {file}, and hydravisor.journal.postgresql (HYDRAVISOR_POSTGRESQL) names a database: move it there first with hydravisor journal migrate",
        _ => null,
    };

    private static bool HasEvents(string file)
    {
        // A node that was killed while it made the file left an empty one.
        if (new FileInfo(file).Length == 0)
        {
            return false;
        }

        using var reader = SqliteJournalReader.Open(file);
        return reader.Place > 0;
    }

    private static void Run(SqliteConnection connection, string pragma)
    {
        using var command = connection.CreateCommand();
        command.CommandText = pragma;
        command.ExecuteScalar();
    }
}
