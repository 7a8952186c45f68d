using Microsoft.Data.Sqlite;

namespace Hydravisor.Actors.Setup;

/// <summary>Looks whether the journal's file can be written: takes the write lock and lets it go. Only when asked, and once a second at most. Safe for all threads.</summary>
/// <param name="file">The file.</param>
/// <param name="time">The clock.</param>
internal sealed class JournalFileLook(string file, TimeProvider time)
{
    // The lock is held for a tenth of a millisecond, but a write that meets it waits for much longer.
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private Task<DateTimeOffset?> _last = Task.FromResult<DateTimeOffset?>(null);
    private DateTimeOffset? _since;
    private long? _began;

    /// <summary>Whether it can be written. One look is for all who ask meanwhile; one that hangs holds one thread.</summary>
    /// <returns>Since when it cannot, as far as somebody looked; null: it can.</returns>
    public Task<DateTimeOffset?> AwaySinceAsync()
    {
        lock (_gate)
        {
            if (_last.IsCompleted && (_began is not { } began || time.GetElapsedTime(began) >= LookEvery))
            {
                _began = time.GetTimestamp();
                _last = Task.Run(() => Note(CanBeWritten()));
            }

            return _last;
        }
    }

    private DateTimeOffset? Note(bool canBeWritten)
    {
        lock (_gate)
        {
            return _since = canBeWritten ? null : _since ?? time.GetUtcNow();
        }
    }

    private bool CanBeWritten()
    {
        try
        {
            using var connection = new SqliteConnection($"Data Source={file};Mode=ReadWrite;Pooling=False;Default Timeout=1");
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "begin immediate; rollback";
            command.ExecuteNonQuery();
            return true;
        }
        catch (SqliteException)
        {
            return false;
        }
    }
}
