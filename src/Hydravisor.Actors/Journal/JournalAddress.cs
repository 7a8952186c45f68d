using System.Data.Common;
using System.Globalization;
using Akka.Configuration;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Hydravisor.Actors.Journal;

/// <summary>Where a journal is: a file of a node's own, or a database that nodes share. Immutable. As text it has no password.</summary>
internal abstract record JournalAddress
{
    private JournalAddress()
    {
    }

    /// <summary>How linq2db calls the database.</summary>
    public abstract string ProviderName { get; }

    /// <summary>How its clients connect.</summary>
    public abstract string ConnectionString { get; }

    /// <summary>Reads an address: the path of an SQLite file, or the URI of a PostgreSQL database.</summary>
    /// <exception cref="FormatException">It looks like a URI, and is none of PostgreSQL.</exception>
    public static JournalAddress Parse(string text) => PostgresUri.IsOne(text) ? PostgresUri.Parse(text) : new SqliteFile(Path.GetFullPath(text));

    /// <summary>The address that a plugin of Akka.Persistence.Sql was given.</summary>
    public static JournalAddress Of(Config plugin)
    {
        var connection = plugin.GetString("connection-string");
        return plugin.GetString("provider-name").StartsWith("SQLite", StringComparison.Ordinal)
            ? new SqliteFile(new SqliteConnectionStringBuilder(connection).DataSource)
            : new Database(connection);
    }

    /// <summary>A connection of its own, not from a pool, not opened yet.</summary>
    public abstract DbConnection Connect();

    /// <summary>An SQLite file.</summary>
    /// <param name="File">Its path.</param>
    internal sealed record SqliteFile(string File) : JournalAddress
    {
        /// <inheritdoc/>
        public override string ProviderName => "SQLite.MS";

        /// <inheritdoc/>
        public override string ConnectionString => $"Data Source={File};Pooling=True";

        /// <inheritdoc/>
        public override DbConnection Connect() =>
            new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = File, Pooling = false }.ConnectionString);

        /// <inheritdoc/>
        public override string ToString() => File;
    }

    /// <summary>A PostgreSQL database.</summary>
    /// <param name="Text">How to connect, as Npgsql wants it. May hold a password.</param>
    internal sealed record Database(string Text) : JournalAddress
    {
        /// <inheritdoc/>
        public override string ProviderName => "PostgreSQL.15";

        /// <inheritdoc/>
        public override string ConnectionString => Text;

        /// <summary>The same, for connections of one process that writes as a node; the store lets it write as long as its epoch is the node's.</summary>
        /// <param name="node">The node's name.</param>
        /// <param name="epoch">The epoch of its claim.</param>
        /// <remarks>A process that stands still within a transaction keeps nobody waiting: fencing it waits for what it is writing.</remarks>
        public Database WritingAs(string node, long epoch) => With(
            string.Create(CultureInfo.InvariantCulture, $"-c hydravisor.node={node} -c hydravisor.epoch={epoch} -c idle_in_transaction_session_timeout=5s"), "hydravisor " + node);

        /// <summary>The same, with settings of the server for its connections.</summary>
        /// <param name="options">Such as <c>-c name=value</c>.</param>
        /// <param name="application">What the server's list of clients shows.</param>
        public Database With(string options, string application)
        {
            var builder = new NpgsqlConnectionStringBuilder(Text);
            builder.Options = $"{builder.Options} {options}".Trim();
            builder.ApplicationName = application;
            return new Database(builder.ConnectionString);
        }

        /// <inheritdoc/>
        public override DbConnection Connect() => new NpgsqlConnection(new NpgsqlConnectionStringBuilder(Text) { Pooling = false }.ConnectionString);

        /// <inheritdoc/>
        public override string ToString()
        {
            var builder = new NpgsqlConnectionStringBuilder(Text);
            return string.Create(CultureInfo.InvariantCulture, $"postgresql://{builder.Username}@{builder.Host}:{builder.Port}/{builder.Database}");
        }
    }
}
