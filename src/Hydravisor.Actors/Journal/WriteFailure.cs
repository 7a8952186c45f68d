using System.Net.Sockets;
using Akka.Pattern;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Hydravisor.Actors.Journal;

/// <summary>What a failed write to the journal means for who asked for it. Pure.</summary>
internal static class WriteFailure
{
    // PostgreSQL, appendix A, class 57: shutdowns and crashes of the server.
    private const string GoingDown = "57P";

    /// <summary>Whether it may have been stored all the same: the database was asked, and no answer came.</summary>
    public static bool MayBeStored(Exception cause)
    {
        for (var each = cause; each is not null; each = each.InnerException)
        {
            switch (each)
            {
                case PostgresException refusal:
                    // A server that is going down may do so after a commit and before its answer.
                    return refusal.SqlState.StartsWith(GoingDown, StringComparison.Ordinal);
                case SqliteException or OpenCircuitException or NpgsqlException { InnerException: SocketException { SocketErrorCode: SocketError.ConnectionRefused } }:
                    return false;
                case TimeoutException or NpgsqlException:
                    return true;
                case AggregateException { InnerExceptions.Count: > 1 } many:
                    return many.InnerExceptions.Any(MayBeStored);
            }
        }

        return false;
    }

    /// <summary>The sentence for who asked.</summary>
    /// <param name="cause">Why it failed.</param>
    /// <param name="done">What was not done: "done", "created".</param>
    public static string Sentence(Exception cause, string done) => MayBeStored(cause)
        ? $"the journal does not answer, and whether this was {done} is known when it does again: ask for the state then, and try again"
        : $"the journal cannot be written; nothing was {done}, try again";
}
