using System.Net.Sockets;
using Akka.Pattern;
using Hydravisor.Actors.Journal;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Hydravisor.Actors.Tests.Journal;

/// <summary>What is said of a write that failed: "nothing was done" only where that is known.</summary>
public sealed class WriteFailureTests
{
    public static TheoryData<Exception, bool> Failures { get; } = new()
    {
        { new SqliteException("disk full", 13), false },
        { new PostgresException("fenced", "ERROR", "ERROR", "HV001"), false },
        { new NpgsqlException("Failed to connect", new SocketException((int)SocketError.ConnectionRefused)), false },
        { new PostgresException("terminating connection due to administrator command", "FATAL", "FATAL", "57P01"), true },
        { new NpgsqlException("Exception while reading from stream", new IOException("end")), true },
        { new AggregateException(new NpgsqlException("Exception while writing to stream")), true },
        { new AggregateException(new InvalidOperationException("x"), new TimeoutException()), true },
        { new OpenCircuitException("open"), false },
        { new TimeoutException("the breaker's call-timeout"), true },
        { new InvalidOperationException("a defect"), false },
    };

    [Theory]
    [MemberData(nameof(Failures))]
    public void Only_what_was_not_answered_may_be_stored(Exception failure, bool mayBe)
    {
        Assert.Equal(mayBe, WriteFailure.MayBeStored(failure));
        Assert.Equal(!mayBe, WriteFailure.Sentence(failure, "done").Contains("nothing was done", StringComparison.Ordinal));
    }
}
