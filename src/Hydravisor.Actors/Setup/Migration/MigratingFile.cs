using System.Globalization;
using Hydravisor.Actors.Audit;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Serialization;
using Microsoft.Data.Sqlite;

namespace Hydravisor.Actors.Setup.Migration;

/// <summary>Reads the file that is to be migrated. Changes nothing. Not thread-safe.</summary>
internal sealed class MigratingFile : IDisposable
{
    // What JournalFile makes, and SQLite's own.
    private const string KnownColumns =
        "journal: ordering, created, deleted, persistence_id, sequence_number, message, manifest, identifier, writer_uuid; "
        + "journal_metadata: persistence_id, sequence_number; "
        + "snapshot: persistence_id, sequence_number, created, snapshot, manifest, serializer_id; "
        + "tags: ordering_id, tag, sequence_nr, persistence_id";

    private readonly string _file;
    private readonly SqliteConnection _connection;

    private MigratingFile(string file)
    {
        _file = file;
        _connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ConnectionString);
    }

    /// <summary>Opens it.</summary>
    /// <exception cref="JournalUnreadableException">It is not there, or no journal.</exception>
    public static MigratingFile Open(string file)
    {
        var opened = new MigratingFile(file);
        try
        {
            using (SqliteJournalReader.Open(file))
            {
                opened.Guard(() => opened._connection.Open());
                return opened;
            }
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>Looks at all of it.</summary>
    /// <param name="node">Whose it is.</param>
    /// <param name="stop">Ends the reading.</param>
    /// <exception cref="JournalUnreadableException">It cannot be read to its end.</exception>
    public MigratingJournal Look(string node, CancellationToken stop)
    {
        var strange = Strange();
        using var reader = SqliteJournalReader.Open(_file);
        var check = JournalCheck.Run(reader, heads: null, keys: [], witnessed: [], stop);
        var streams = check.Heads.Keys.Concat(strange is null ? Texts("select distinct persistence_id from snapshot union select persistence_id from journal_metadata") : []);
        var (vms, deleted) = strange is null && check.Findings.Count == 0 ? Vms() : ([], 0);
        return new MigratingJournal(
            node,
            _file,
            strange,
            streams.FirstOrDefault(stream => StreamName.NodeOf(stream) != node),
            check,
            Number("select count(*) from snapshot"),
            strange is null ? Number("select count(*) from journal_metadata") : 0,
            vms,
            deleted);
    }

    /// <summary>The rows of a statement without parameters, one after another.</summary>
    /// <exception cref="JournalUnreadableException">They cannot be read.</exception>
    public IEnumerable<JournalCursor> Rows(string select)
    {
        using var rows = Guard(() => new JournalCursor(_connection, select).Begin(argument: null));
        while (Guard(rows.Next))
        {
            yield return rows;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _connection.Dispose();

    // Null: its form is known. A form is what tables there are, what columns they have, and which words stand in them.
    private string? Strange()
    {
        if (Number("select user_version from pragma_user_version") is var version and not 0)
        {
            return string.Create(CultureInfo.InvariantCulture, $"it is of version {version}");
        }

        const string Columns = """
            select group_concat(columns, '; ') from (
                select t.name || ': ' || (select group_concat(name, ', ') from (select name from pragma_table_info(t.name) order by cid)) as columns
                from sqlite_schema t where t.type = 'table' and t.name not like 'sqlite!_%' escape '!' order by t.name)
            """;
        if (Texts(Columns).First() is var columns and not KnownColumns)
        {
            return $"its tables are {columns}";
        }

        if (Number("select count(*) from tags") > 0)
        {
            return "it has tags, which no node of this version writes";
        }

        return Unknown("event", "select distinct coalesce(manifest, ''), coalesce(identifier, 0) from journal", StoredEventSerializer.KnowsEvent)
            ?? Unknown("snapshot", "select distinct coalesce(manifest, ''), coalesce(serializer_id, 0) from snapshot", StoredEventSerializer.KnowsSnapshot);
    }

    private string? Unknown(string what, string select, Func<string, bool> knows) => Rows(select)
        .Where(row => row.Number(1) != StoredEventSerializer.Number || !knows(row.Word(0)))
        .Select(row => string.Create(CultureInfo.InvariantCulture, $"it has the {what} '{row.Word(0)}' of serializer {row.Number(1)}"))
        .FirstOrDefault();

    private (List<MigratingVm> There, long Deleted) Vms()
    {
        const string Select = """
            select persistence_id, max(case sequence_number when 1 then json_extract(cast(message as text), '$.event.spec.name') end), max(manifest = 'vm.deleted.v1')
            from journal where persistence_id >= 'vm|' and persistence_id < 'vm}' group by persistence_id
            """;
        var (there, deleted) = (new List<MigratingVm>(), 0L);
        foreach (var row in Rows(Select))
        {
            if (row.Number(2) == 0)
            {
                there.Add(new MigratingVm(row.Text(0).Split('|', 3)[^1], row.Text(1)));
            }
            else
            {
                deleted++;
            }
        }

        return (there, deleted);
    }

    private List<string> Texts(string select) => [.. Rows(select).Select(row => row.Text(0))];

    private long Number(string select) => Rows(select).Select(row => row.Number(0)).First();

    private void Guard(Action act) => Guard(() =>
    {
        act();
        return true;
    });

    private T Guard<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (SqliteException e)
        {
            throw new JournalUnreadableException($"{_file} cannot be read: {e.Message}");
        }
    }
}
