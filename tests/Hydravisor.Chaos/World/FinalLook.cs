using System.Text.Json;
using System.Text.Json.Nodes;
using Hydravisor.Chaos.Checking;
using Hydravisor.Chaos.Clients;
using Hydravisor.Chaos.Histories;
using Npgsql;

namespace Hydravisor.Chaos.World;

/// <summary>Waits until all is quiet, and reads all that there is then.</summary>
/// <param name="cluster">The cluster.</param>
/// <param name="nodes">The names of its nodes.</param>
/// <param name="libvirt">Whether the guests are libvirt's.</param>
internal sealed class FinalLook(ClusterScript cluster, IReadOnlyList<string> nodes, bool libvirt)
{
    // Nothing changes such a state but somebody who asks for it.
    private static readonly HashSet<string> Quiet = ["running", "suspended", "stopped", "failed"];
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(500);

    /// <summary>Waits until each node sees all of them up.</summary>
    /// <returns>What was not so in the end.</returns>
    public Task<IReadOnlyList<Finding>> UpAsync(CancellationToken limit) => UntilAsync("node-not-up", async node =>
    {
        var line = await AskAsync(node, "node/list");
        var up = line?.GetProperty("nodes").EnumerateArray().Count(each => each.Text("state") == "up") ?? 0;
        return up == nodes.Count ? null : $"{node} {(line is null ? "does not answer" : $"sees {up} of {nodes.Count} nodes up: {line.Value.GetRawText()}")}";
    }, limit);

    /// <summary>Waits until all VMs are what they must become.</summary>
    /// <returns>What was not so in the end.</returns>
    public Task<IReadOnlyList<Finding>> SettledAsync(CancellationToken limit) => UntilAsync("not-settled", async node =>
    {
        var states = await AskAsync(node, "vm/list");
        var under = states?.GetProperty("instances").EnumerateArray().Where(vm => !Quiet.Contains(vm.Text("state")!) || IsOnItsWay(vm)).ToList();
        return states is null ? $"{node} does not list VMs" : under!.Count == 0 ? null : $"{node} still shows {string.Join(", ", under)}";
    }, limit);

    /// <summary>Reads all, once the hypervisors have what the nodes say: what came of VMs that stayed where they were is let go after a moment.</summary>
    /// <param name="troubles">What was found before.</param>
    /// <param name="limit">How long that may take.</param>
    public async Task<FinalState> ReadAsync(IReadOnlyList<Finding> troubles, CancellationToken limit)
    {
        using var again = new PeriodicTimer(Between);
        var seen = await SeeAsync();
        while (WorldRules.Hypervisors(seen).Any() && !limit.IsCancellationRequested)
        {
            await again.WaitForNextTickAsync(CancellationToken.None);
            seen = await SeeAsync();
        }

        var found = new List<Finding>(troubles);
        var audit = await cluster.ProgramAsync("audit", "verify", "--journal", cluster.DatabaseUri);
        if (audit.Code != 0)
        {
            found.Add(new Finding("audit", $"audit verify ended with {audit.Code}: {audit.Output}{audit.Error}", []));
        }

        await using var database = new NpgsqlConnection(ConnectionString());
        await database.OpenAsync(CancellationToken.None);
        return seen with { Places = await PlacesAsync(database), Journal = await JournalAsync(database), Troubles = found };
    }

    // What the nodes say, and what is on their hypervisors.
    private async Task<FinalState> SeeAsync()
    {
        var lists = new Dictionary<string, IReadOnlyList<SeenState>>();
        foreach (var node in nodes)
        {
            lists[node] = (await AskAsync(node, "vm/list"))?.States() ?? [];
        }

        return new FinalState(lists, [], [], libvirt ? await LibvirtGuestsAsync() : SimulatedGuests(), []);
    }

    // To another node, off meanwhile.
    private static bool IsOnItsWay(JsonElement vm) => vm.Text("reason") is { } reason
        && (reason.StartsWith("it is being moved to the node ", StringComparison.Ordinal) || reason.EndsWith("'s from now on", StringComparison.Ordinal));

    private async Task<IReadOnlyList<Finding>> UntilAsync(string rule, Func<string, Task<string?>> missing, CancellationToken limit)
    {
        using var again = new PeriodicTimer(Between);
        while (true)
        {
            var found = new List<Finding>();
            foreach (var node in nodes)
            {
                if (await missing(node) is { } text)
                {
                    found.Add(new Finding(rule, text, []));
                }
            }

            if (found.Count == 0 || limit.IsCancellationRequested)
            {
                return found;
            }

            await again.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    private async Task<JsonElement?> AskAsync(string node, string type)
    {
        using var client = new System.Net.Sockets.TcpClient();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        try
        {
            await client.ConnectAsync(cluster.AddressOf(node), limit.Token);
            using var reader = new StreamReader(client.GetStream());
            await client.GetStream().WriteAsync(System.Text.Encoding.UTF8.GetBytes(new JsonObject { ["type"] = type }.ToJsonString() + "\n"), limit.Token);
            var line = await reader.ReadLineAsync(limit.Token);
            var answer = line is null ? default : JsonDocument.Parse(line).RootElement;
            return line is null || answer.Text("type") != type ? null : answer;
        }
        catch (Exception e) when (e is System.Net.Sockets.SocketException or IOException or OperationCanceledException)
        {
            return null;
        }
    }

    private string ConnectionString()
    {
        var uri = new Uri(cluster.DatabaseUri);
        var user = uri.UserInfo.Split(':');
        return new NpgsqlConnectionStringBuilder { Host = uri.Host, Port = uri.Port, Username = user[0], Password = user[1], Database = uri.AbsolutePath.Trim('/'), Pooling = false }.ConnectionString;
    }

    private static async Task<IReadOnlyList<PlacedVm>> PlacesAsync(NpgsqlConnection database)
    {
        await using var command = new NpgsqlCommand("select id, node, state from hydravisor_vm", database);
        await using var rows = await command.ExecuteReaderAsync();
        var places = new List<PlacedVm>();
        while (await rows.ReadAsync())
        {
            places.Add(new PlacedVm(rows.GetString(0), rows.GetString(1), rows.GetString(2)));
        }

        return places;
    }

    private static async Task<IReadOnlyList<StoredRow>> JournalAsync(NpgsqlConnection database)
    {
        const string Query = """
            select persistence_id, sequence_number, stored, coalesce(manifest, ''), coalesce(writer_uuid, ''), convert_from(message, 'UTF8')::json #>> '{cause,request_id}'
            from journal order by persistence_id, sequence_number
            """;
        await using var command = new NpgsqlCommand(Query, database);
        await using var rows = await command.ExecuteReaderAsync();
        var journal = new List<StoredRow>();
        while (await rows.ReadAsync())
        {
            journal.Add(new StoredRow(
                rows.GetString(0), rows.GetInt64(1), rows.GetInt64(2), rows.GetString(3), rows.GetString(4), await rows.IsDBNullAsync(5) ? null : rows.GetString(5)));
        }

        return journal;
    }

    private List<Guest> SimulatedGuests()
    {
        var guests = new List<Guest>();
        foreach (var node in nodes)
        {
            guests.AddRange(Directories(node));
            foreach (var file in Directory.EnumerateFiles(Path.Combine(cluster.DataOf(node), "simulated", "domains"), "*.json"))
            {
                using var domain = JsonDocument.Parse(File.ReadAllText(file));
                if (!(domain.RootElement.TryGetProperty("gone", out var gone) && gone.GetBoolean()))
                {
                    guests.Add(new Guest(node, Path.GetFileNameWithoutExtension(file), domain.RootElement.Text("power")!.ToLowerInvariant()));
                }
            }
        }

        return guests;
    }

    private async Task<List<Guest>> LibvirtGuestsAsync()
    {
        var guests = new List<Guest>();
        foreach (var node in nodes)
        {
            guests.AddRange(Directories(node));

            // Its number, its name, and its state in one or two words.
            var listed = await cluster.CheckedAsync("libvirt", node, "virsh", "-q", "list", "--all");
            foreach (var line in listed.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            {
                var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                var power = string.Join(' ', words[2..]);
                guests.Add(new Guest(node, VmOf(words[1]), power == "shut off" ? "off" : power));
            }
        }

        return guests;
    }

    private IEnumerable<Guest> Directories(string node) =>
        Directory.EnumerateDirectories(Path.Combine(cluster.DataOf(node), "vms")).Select(directory => new Guest(node, Path.GetFileName(directory), "directory"));

    // A domain bears the id of its VM in its name.
    private static string VmOf(string domain) => domain[domain.IndexOf("vm-", StringComparison.Ordinal)..];
}
