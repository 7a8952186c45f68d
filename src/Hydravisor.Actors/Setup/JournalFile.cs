using Microsoft.Data.Sqlite;

namespace Hydravisor.Actors.Setup;

/// <summary>The SQLite file that holds the journal and the snapshots.</summary>
/// <remarks>
/// Opened once before the actor system starts: the write-ahead log is a property of the file, and letting the plugin make the
/// schema at its first use stalls a fresh file for seconds. <c>synchronous</c> stays FULL: what was acknowledged survives a
/// power cut too. The view <c>events</c> is for people: <c>sqlite3 journal.db 'select * from events'</c>.
/// </remarks>
internal static class JournalFile
{
    private const string Schema = """
        create table if not exists journal (
            ordering integer not null primary key autoincrement,
            created integer not null,
            deleted bit not null,
            persistence_id nvarchar(255) not null,
            sequence_number integer not null,
            message varbinary not null,
            manifest nvarchar(500) null,
            identifier integer null,
            writer_uuid nvarchar(128) null);
        create unique index if not exists journal_uq on journal (persistence_id, sequence_number);
        create table if not exists tags (
            ordering_id integer not null,
            tag nvarchar(64) not null,
            sequence_nr integer not null,
            persistence_id nvarchar(255) not null,
            constraint pk_tags primary key (ordering_id, tag));
        create table if not exists journal_metadata (
            persistence_id nvarchar(255) not null,
            sequence_number integer not null,
            constraint pk_journal_metadata primary key (persistence_id, sequence_number));
        create table if not exists snapshot (
            persistence_id nvarchar(255) not null,
            sequence_number integer not null,
            created integer not null,
            snapshot varbinary null,
            manifest nvarchar(500) null,
            serializer_id integer null,
            constraint pk_snapshot primary key (persistence_id, sequence_number));
        drop view if exists events;
        create view events as
            select ordering, persistence_id, sequence_number, manifest, cast(message as text) as event from journal order by ordering;
        """;

    /// <summary>Makes the file ready and checks that what fences writers is there.</summary>
    /// <exception cref="SettingException">The file cannot be used.</exception>
    public static void Prepare(string file)
    {
        try
        {
            KeepPrivate(file);
            using var connection = new SqliteConnection($"Data Source={file}");
            connection.Open();
            if (Ask(connection, "pragma journal_mode = wal") is not "wal")
            {
                throw new SettingException($"{file} cannot have a write-ahead log; the data directory must be on a local file system.");
            }

            Ask(connection, Schema);
            if (Ask(connection, "select [unique] from pragma_index_list('journal') where name = 'journal_uq'") is not 1L)
            {
                throw new SettingException($"{file} has a journal without its unique index, which keeps two writers apart. It was altered; restore it.");
            }
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            throw new SettingException($"the journal {file} cannot be opened: {e.Message}");
        }
    }

    // A new file only: whom an operator let read an older one is the operator's affair. SQLite gives its side files the same mode.
    private static void KeepPrivate(string file) =>
        new FileStream(file, new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = FileShare.ReadWrite,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }).Dispose();

    private static object? Ask(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }
}
