using System.Diagnostics;
using System.Runtime.CompilerServices;
using Hydravisor.Actors.Journal;
using Npgsql;

namespace Hydravisor.Actors.Tests.Journal;

/// <summary>A real PostgreSQL for the tests of one assembly, as scripts/postgres makes it; each test has a database of its own in it.</summary>
public sealed class PostgresServer : IDisposable
{
    private const string Prefix = "hv-pg-";
    private readonly string _directory = Path.Combine(Path.GetTempPath(), Prefix + Environment.ProcessId);
    private int _databases;

    public PostgresServer()
    {
        // What a test run left that was killed.
        foreach (var left in Directory.EnumerateDirectories(Path.GetTempPath(), Prefix + "*").Where(left => !IsAlive(left)))
        {
            Script("remove", left);
        }

        Start();
    }

    public void Start() => Script("start", _directory);

    /// <summary>Ends it as a crash would.</summary>
    public void Kill() => Script("kill", _directory);

    public void Dispose()
    {
        NpgsqlConnection.ClearAllPools();
        Script("remove", _directory);
    }

    /// <summary>An empty database.</summary>
    internal JournalAddress.Database CreateDatabase()
    {
        var name = "test" + Interlocked.Increment(ref _databases);
        Execute(Address("postgres"), $"create database {name}");
        return Address(name);
    }

    /// <summary>The same as a URI for a node.</summary>
    internal string UriOf(JournalAddress.Database database) =>
        $"postgresql://hydravisor@/{new NpgsqlConnectionStringBuilder(database.Text).Database}?host={_directory}";

    /// <summary>Does what the owner of the database can do.</summary>
    internal static void Execute(JournalAddress.Database database, string sql, params object[] arguments)
    {
        using var connection = (NpgsqlConnection)database.Connect();
        connection.Open();
        using var command = new NpgsqlCommand(sql, connection);
        foreach (var argument in arguments)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = argument });
        }

        command.ExecuteNonQuery();
    }

    private static bool IsAlive(string directory) =>
        int.TryParse(Path.GetFileName(directory)[Prefix.Length..], out var pid) && Directory.Exists($"/proc/{pid}");

    private JournalAddress.Database Address(string name) => new($"Host={_directory};Username=hydravisor;Database={name}");

    private static void Script(string verb, string directory, [CallerFilePath] string here = "")
    {
        var root = new DirectoryInfo(here);
        while (!File.Exists(Path.Combine(root!.FullName, "Hydravisor.sln")))
        {
            root = root.Parent;
        }

        using var script = Process.Start(new ProcessStartInfo(Path.Combine(root.FullName, "scripts", "postgres"), [verb, directory]) { RedirectStandardOutput = true })!;
        script.StandardOutput.ReadToEnd();
        script.WaitForExit();
        Assert.True(script.ExitCode == 0, $"scripts/postgres {verb} ended with {script.ExitCode}");
    }
}

[CollectionDefinition(Name)]
public sealed class PostgresTests : ICollectionFixture<PostgresServer>
{
    public const string Name = "PostgreSQL";
}
