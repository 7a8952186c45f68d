using System.Net;
using System.Net.Sockets;
using Hydravisor.Actors.Gateway.Tls;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Setup.Migration;
using Npgsql;

namespace Hydravisor.Actors.Setup.Doctor;

/// <summary>Looks at what a node has to do with others: the journal that nodes share, its certificates, and whether the other nodes are there. Changes nothing.</summary>
/// <param name="settings">What the operator set.</param>
/// <param name="time">The clock.</param>
internal sealed class Surroundings(NodeSettings settings, TimeProvider time)
{
    /// <summary>So long before a certificate expires it is time for the next.</summary>
    public static readonly TimeSpan ExpiresSoon = TimeSpan.FromDays(21);

    private static readonly TimeSpan AnswersWithin = TimeSpan.FromSeconds(5);

    /// <summary>All findings, in the order in which to mend them.</summary>
    /// <param name="stop">Nobody waits any more.</param>
    public async Task<IReadOnlyList<Finding>> ExamineAsync(CancellationToken stop) =>
        [await JournalAsync(stop).ConfigureAwait(false), Tls(), .. settings.Cluster is { } cluster ? await ClusterAsync(cluster, stop).ConfigureAwait(false) : []];

    private async Task<Finding> JournalAsync(CancellationToken stop)
    {
        const string What = "journal";
        var address = NodeJournal.AddressOf(settings);
        try
        {
            if (MigratedFile.WhyNotBegin(address, Path.Combine(settings.DataDirectory, DataDirectory.JournalName)) is { } why)
            {
                return new Finding(What, Severity.Error, why);
            }
        }
        catch (SettingException e)
        {
            return new Finding(What, Severity.Error, e.Message);
        }

        return address is JournalAddress.Database database ? await DatabaseAsync(What, database, stop).ConfigureAwait(false) : Finding.Ok(What, $"{address}, of this node alone");
    }

    private static async Task<Finding> DatabaseAsync(string what, JournalAddress.Database database, CancellationToken stop)
    {
        try
        {
            var soon = new NpgsqlConnectionStringBuilder(database.ConnectionString) { Pooling = false, Timeout = (int)AnswersWithin.TotalSeconds, CommandTimeout = (int)AnswersWithin.TotalSeconds };
            await using var connection = new NpgsqlConnection(soon.ConnectionString);
            await connection.OpenAsync(stop).ConfigureAwait(false);
            await using var command = new NpgsqlCommand("select pg_is_in_recovery()", connection);
            return await command.ExecuteScalarAsync(stop).ConfigureAwait(false) is true
                ? new Finding(what, Severity.Error, $"{database} is a standby, which takes no writes", "set hydravisor.journal.postgresql (HYDRAVISOR_POSTGRESQL) to the primary")
                : Finding.Ok(what, $"{database} answers; PostgreSQL {connection.ServerVersion}");
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException)
        {
            return new Finding(
                what, Severity.Error, $"{database} cannot be used: {e.GetBaseException().Message}",
                e is PostgresException ? "give that user the right to it, or another user and password to hydravisor.journal.postgresql (HYDRAVISOR_POSTGRESQL)" : "start it, or set hydravisor.journal.postgresql (HYDRAVISOR_POSTGRESQL) to where it is");
        }
    }

    private Finding Tls()
    {
        const string What = "tls";
        if (settings.Gateway.Tls is not { } tls)
        {
            return IPAddress.IsLoopback(settings.Gateway.Listen.Address)
                ? Finding.Ok(What, "is not spoken: clients are on this machine")
                : new Finding(What, Severity.Warning, $"is not spoken on {settings.Gateway.Listen}: whoever is on the way reads all that is said", "set hydravisor.gateway.tls.certificate and key");
        }

        try
        {
            var identity = TlsFiles.Read(tls).Parse(tls);
            return identity.Outdated(time.GetUtcNow()) is { } outdated
                ? new Finding(What, Severity.Error, $"{tls.Certificate}: {outdated}", "put a new certificate in its place; a running node takes it at once")
                : Certificate(What, tls.Certificate, identity.ToString(), identity.Expires, "put a new one in its place; a running node takes it at once");
        }
        catch (TlsException e)
        {
            return new Finding(What, Severity.Error, e.Message, "mend hydravisor.gateway.tls");
        }
    }

    private async Task<IEnumerable<Finding>> ClusterAsync(Cluster.ClusterSettings cluster, CancellationToken stop) =>
        [Membership(cluster), .. await Task.WhenAll(cluster.Seeds.Where(seed => !seed.Equals(cluster.Listen)).Select(seed => SeedAsync(seed, stop))).ConfigureAwait(false)];

    private Finding Membership(Cluster.ClusterSettings cluster)
    {
        const string What = "cluster certificate";
        try
        {
            using var certificate = ClusterWiring.Identity(cluster).Certificate;
            var expires = new DateTimeOffset(certificate.NotAfter);
            return Certificate(What, cluster.Certificate, $"{certificate.Subject}, valid until {expires.UtcDateTime:yyyy-MM-dd HH:mm:ssZ}", expires, "put a new one of the same CA in its place, and start the node again");
        }
        catch (SettingException e)
        {
            return new Finding(What, Severity.Error, e.Message, "give each node a certificate of the cluster's CA: hydravisor.cluster.tls");
        }
    }

    private Finding Certificate(string what, string file, string whose, DateTimeOffset expires, string remedy) =>
        expires - time.GetUtcNow() < ExpiresSoon ? new Finding(what, Severity.Warning, $"{file} expires soon: {whose}", remedy) : Finding.Ok(what, $"{file}: {whose}");

    // One that is not started yet is no fault: another one may be there.
    private static async Task<Finding> SeedAsync(IPEndPoint seed, CancellationToken stop)
    {
        const string What = "seed";
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(AnswersWithin);
        try
        {
            using var socket = new Socket(seed.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(seed, limit.Token).ConfigureAwait(false);
            return Finding.Ok(What, $"{seed} answers");
        }
        catch (Exception e) when (e is SocketException || (e is OperationCanceledException && !stop.IsCancellationRequested))
        {
            var reason = e is SocketException ? e.Message : $"nothing came within {AnswersWithin.TotalSeconds:0} s";
            return new Finding(What, Severity.Warning, $"{seed} does not answer: {reason}", "start the node there, and let this machine reach that port; a node that starts needs one of its seeds");
        }
    }
}
