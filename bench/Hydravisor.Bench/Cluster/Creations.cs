using System.Globalization;
using System.Net;
using Hydravisor.Actors.Journal;
using Hydravisor.Bench.Results;
using Hydravisor.EndToEnd.Tests.Harness;
using Npgsql;

namespace Hydravisor.Bench.Cluster;

/// <summary>How many VMs a second one, two and three nodes make, asked through one of them or through each.</summary>
internal static class Creations
{
    private const int VmsPerRound = 300;
    private const int Window = 60;
    private const string Connections = "select count(*)::float8 from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()";
    private const string Locks = "select count(*)::float8 from pg_locks where locktype = 'advisory'";
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(50);

    /// <summary>Measures.</summary>
    public static async Task<IReadOnlyList<Measurement>> MeasureAsync(string bench, MachineCluster cluster, int rounds)
    {
        await using var database = NpgsqlDataSource.Create(PostgresUri.Parse(cluster.DatabaseUri).Text);
        var atRest = (Connections: await AskAsync(database, Connections), Locks: await AskAsync(database, Locks));
        (int Takers, int Gateways)[] forms = [(1, 1), (2, 1), (2, 2), (3, 1), (3, 3)];
        var sides = forms.ToDictionary(form => form, _ => (Acknowledged: new List<double>(), Running: new List<double>()));
        var most = (Connections: 0.0, Locks: 0.0);
        for (var round = 0; round <= rounds; round++)
        {
            foreach (var form in forms)
            {
                await CordonAsync(cluster, form.Takers);
                IPEndPoint[] gateways = [.. Enumerable.Range(1, form.Gateways).Select(MachineCluster.EndpointOf)];
                var creating = VmLoad.CreateAsync(gateways, VmsPerRound, Window);
                while (await Task.WhenAny(creating, Task.Delay(LookEvery)) != creating)
                {
                    most = (Math.Max(most.Connections, await AskAsync(database, Connections)), Math.Max(most.Locks, await AskAsync(database, Locks)));
                }

                var (ids, acknowledged, running) = await creating;
                sides[form].Acknowledged.Add(acknowledged);
                sides[form].Running.Add(running);
                await VmLoad.DeleteAsync(MachineCluster.EndpointOf(1), ids);
            }
        }

        var alone = sides[(1, 1)];
        return
        [
            .. forms.SelectMany(form => (Measurement[])[Of("acknowledged", form, sides[form].Acknowledged, alone.Acknowledged), Of("running", form, sides[form].Running, alone.Running)]),
            new Measurement(bench, "connections to PostgreSQL of three nodes, at most under this load", most.Connections, "") { Peer = "just before", PeerValue = atRest.Connections },
            new Measurement(bench, "advisory locks of three nodes, at most under this load", most.Locks, "") { Peer = "just before", PeerValue = atRest.Locks },
        ];

        Measurement Of(string what, (int Takers, int Gateways) form, List<double> rates, List<double> peers) => new(
            bench, string.Create(CultureInfo.InvariantCulture, $"vm/create, {what}, {form.Takers} nodes make them, asked through {form.Gateways}"), rates[1..].Median(), "/s")
        {
            Peer = form == (1, 1) ? null : "1 node, asked through itself",
            PeerValue = form == (1, 1) ? null : peers[1..].Median(),
            Rounds = rates[1..],
            PeerRounds = form == (1, 1) ? [] : peers[1..],
        };
    }

    // The first so many take VMs.
    private static async Task CordonAsync(MachineCluster cluster, int takers)
    {
        await using var connection = await cluster.ConnectAsync(1);
        for (var node = 1; node <= MachineCluster.Nodes; node++)
        {
            var type = node <= takers ? "node/resume" : "node/cordon";
            (await connection.AskAsync($$"""{"type":"{{type}}","node":"{{MachineCluster.NameOf(node)}}"}""")).MustBeOk(type);
        }
    }

    private static async Task<double> AskAsync(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        return (double)(await command.ExecuteScalarAsync())!;
    }
}
