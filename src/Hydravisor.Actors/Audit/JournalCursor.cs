using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Hydravisor.Actors.Audit;

/// <summary>The rows of one statement, prepared once, without an object for each value: a journal has millions. Not thread-safe.</summary>
internal sealed class JournalCursor : IDisposable
{
    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _statement;
    private readonly List<(byte[] Bytes, string Text)> _words = [];
    private byte[] _lastBytes = [];
    private string _last = "";

    /// <summary>Prepares a statement.</summary>
    /// <param name="connection">An open connection; what it has begun holds for the rows too.</param>
    /// <param name="select">The statement, with at most one parameter.</param>
    /// <exception cref="SqliteException">It cannot be prepared.</exception>
    public JournalCursor(SqliteConnection connection, string select)
    {
        _database = connection.Handle!;
        Check(raw.sqlite3_prepare_v2(_database, select, out _statement));
    }

    /// <summary>Begins, or begins again with another argument.</summary>
    /// <param name="argument">Text or a number; null: the statement has none.</param>
    public JournalCursor Begin(object? argument)
    {
        raw.sqlite3_reset(_statement);
        Check(argument switch
        {
            null => raw.SQLITE_OK,
            long number => raw.sqlite3_bind_int64(_statement, 1, number),
            _ => raw.sqlite3_bind_text(_statement, 1, (string)argument),
        });
        return this;
    }

    /// <summary>Goes to the next row.</summary>
    /// <exception cref="SqliteException">It cannot be read.</exception>
    public bool Next()
    {
        var outcome = raw.sqlite3_step(_statement);
        if (outcome != raw.SQLITE_ROW)
        {
            Check(outcome == raw.SQLITE_DONE ? raw.SQLITE_OK : outcome);
        }

        return outcome == raw.SQLITE_ROW;
    }

    /// <summary>A number.</summary>
    public long Number(int column) => raw.sqlite3_column_int64(_statement, column);

    /// <summary>Whether there is nothing.</summary>
    public bool IsNull(int column) => raw.sqlite3_column_type(_statement, column) == raw.SQLITE_NULL;

    /// <summary>Bytes, until the next row; none where there is nothing.</summary>
    public ReadOnlySpan<byte> Bytes(int column) => raw.sqlite3_column_blob(_statement, column);

    /// <summary>A text.</summary>
    public string Text(int column) => Encoding.UTF8.GetString(TextBytes(column));

    /// <summary>A text of which few are different.</summary>
    public string Word(int column)
    {
        const int WordsMax = 64;
        var bytes = TextBytes(column);
        foreach (var (known, text) in _words)
        {
            if (bytes.SequenceEqual(known))
            {
                return text;
            }
        }

        var word = Encoding.UTF8.GetString(bytes);
        if (_words.Count < WordsMax)
        {
            _words.Add((bytes.ToArray(), word));
        }

        return word;
    }

    /// <summary>A text that most often is that of the row before. For one column.</summary>
    public string Repeated(int column)
    {
        var bytes = TextBytes(column);
        if (!bytes.SequenceEqual(_lastBytes))
        {
            (_lastBytes, _last) = (bytes.ToArray(), Encoding.UTF8.GetString(bytes));
        }

        return _last;
    }

    /// <inheritdoc/>
    public void Dispose() => _statement.Dispose();

    // Asked for as text first, so that it is in UTF-8 whatever the file is in.
    private ReadOnlySpan<byte> TextBytes(int column)
    {
        raw.sqlite3_column_text(_statement, column);
        return raw.sqlite3_column_blob(_statement, column);
    }

    private void Check(int outcome) => SqliteException.ThrowExceptionForRC(outcome, _database);
}
