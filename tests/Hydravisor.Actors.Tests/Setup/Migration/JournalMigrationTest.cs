using Hydravisor.Actors.Audit;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Setup.Migration;
using Hydravisor.Actors.Tests.Audit;
using Hydravisor.Actors.Tests.Journal;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;
using Npgsql;

namespace Hydravisor.Actors.Tests.Setup.Migration;

/// <summary>Journals in files, databases, and the way from one to the other.</summary>
public abstract class JournalMigrationTest(PostgresServer server) : IDisposable
{
    private protected const string Node = "node-1";
    private readonly TemporaryDirectory _directory = new();

    private protected PostgresServer Server { get; } = server;

    private protected JournalAddress.Database Database { get; } = server.CreateDatabase();

    private protected string Directory => _directory.Path;

    private protected string File => Path.Combine(Directory, "journal.db");

    public void Dispose() => _directory.Dispose();

    /// <summary>A journal with some VMs that are there and one that is not any more, and a checkpoint over them.</summary>
    private protected static WrittenJournal Some(params string[] names)
    {
        var journal = new WrittenJournal();
        foreach (var (i, name) in names.Index())
        {
            Life(journal, IdOf(i), name, isDeleted: false);
        }

        Life(journal, IdOf(99), "gone", isDeleted: true);
        journal.Snapshot(StreamOf(99));
        using var key = Actors.Audit.Checkpoints.NodeKey.New();
        journal.Sign(key);
        return journal;
    }

    private protected static void Life(WrittenJournal journal, InstanceId id, string name, bool isDeleted)
    {
        var stream = WrittenJournal.StreamOf(id);
        journal.Add(stream, VmEvents.Vocabulary, WrittenJournal.Asked("r"), new VmEvents.Created(id, Node, WrittenJournal.Agent, "r", "d", WrittenJournal.Spec() with { Name = name }, 1));
        journal.Add(stream, VmEvents.Vocabulary, Cause.Observed("outcome:provision"), new VmEvents.Provisioned(1));
        if (isDeleted)
        {
            journal.Add(stream, VmEvents.Vocabulary, Cause.Observed("outcome:delete"), new VmEvents.Deleted(2));
        }
    }

    private protected static InstanceId IdOf(int number) => InstanceId.Parse($"vm-{number:x12}");

    private protected static string StreamOf(int number) => WrittenJournal.StreamOf(IdOf(number));

    private protected void Write(WrittenJournal journal) => Write(journal, Directory);

    private protected static void Write(WrittenJournal journal, string directory)
    {
        System.IO.File.WriteAllText(Path.Combine(directory, "node-name"), Node + "\n");
        journal.Write(Path.Combine(directory, "journal.db"));

        // As a node leaves it that has ended: nobody has it open.
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
    }

    private protected Task<Migrated> MigrateAsync(bool dryRun = false) => Migration().RunAsync(dryRun, CancellationToken.None);

    // The server lets go of a name a moment after the connection that held it was closed.
    private protected JournalMigration Migration() => new(Directory, Database, Wait.Limit);

    private protected static JournalCheck Check(JournalAddress journal)
    {
        using var reader = JournalReader.Open(journal);
        return JournalCheck.Run(reader, heads: null, keys: [], witnessed: [], CancellationToken.None);
    }

    private protected static List<string> Ask(JournalAddress.Database database, string sql)
    {
        using var connection = (NpgsqlConnection)database.Connect();
        connection.Open();
        using var command = new NpgsqlCommand(sql, connection);
        using var rows = command.ExecuteReader();
        var found = new List<string>();
        while (rows.Read())
        {
            found.Add(string.Join(' ', Enumerable.Range(0, rows.FieldCount).Select(i => rows.IsDBNull(i) ? "-" : rows.GetValue(i) is byte[] bytes ? Convert.ToHexString(bytes) : $"{rows.GetValue(i)}")));
        }

        return found;
    }

    /// <summary>All that stands in the file, as text.</summary>
    private protected static List<string> AskFile(string file, string sql)
    {
        using var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={file};Mode=ReadOnly;Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var rows = command.ExecuteReader();
        var found = new List<string>();
        while (rows.Read())
        {
            found.Add(string.Join(' ', Enumerable.Range(0, rows.FieldCount).Select(i => rows.IsDBNull(i) ? "-" : rows.GetValue(i) is byte[] bytes ? Convert.ToHexString(bytes) : $"{rows.GetValue(i)}")));
        }

        return found;
    }
}
