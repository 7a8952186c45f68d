using System.Globalization;
using System.Text.Json;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Simulated;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Setup;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;
using Microsoft.Data.Sqlite;

namespace Hydravisor.Bench.Replay;

/// <summary>Writes what a node leaves behind that has many running VMs: its journal, and the simulated hypervisor's domains.</summary>
/// <remarks>
/// The events are sealed as the actors seal them and inserted as the journal plugin inserts them. Each VM was created, booted, and
/// rebooted by its guest: seven events. There are no snapshots, so all of it is replayed.
/// </remarks>
internal sealed class WrittenNode
{
    /// <summary>Events of one VM.</summary>
    public const int EventsPerVm = 7;

    private const string Node = "bench-node";
    private const string Insert = """
        insert into journal (created, deleted, persistence_id, sequence_number, message, manifest, identifier, writer_uuid)
        values ($created, 0, $stream, $sequence, $message, $manifest, 7411, $writer)
        """;

    private readonly string _data;
    private readonly DateTimeOffset _at = TimeProvider.System.GetUtcNow() - TimeSpan.FromHours(1);
    private readonly ImageRef _image = new SimulatedImages().Find("tiny")!.Ref;

    private WrittenNode(string data) => _data = data;

    /// <summary>Writes it.</summary>
    /// <param name="data">The data directory, as yet empty.</param>
    /// <param name="count">How many VMs.</param>
    /// <param name="withDomains">Whether to write the domains too.</param>
    public static void Write(string data, int count, bool withDomains)
    {
        File.WriteAllText(Path.Combine(data, "node-name"), Node + "\n");
        var node = new WrittenNode(data);
        var ids = Enumerable.Range(0, count).Select(i => InstanceId.FromKey("anonymous", RequestId(i), 0)).ToList();
        node.WriteJournal(ids);
        if (withDomains)
        {
            node.WriteDomains(ids);
        }
    }

    private void WriteJournal(List<InstanceId> ids)
    {
        var file = Path.Combine(_data, "journal.db");
        JournalFile.Prepare(file);
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        using var transaction = connection.BeginTransaction();
        using var insert = connection.CreateCommand();
        insert.CommandText = Insert;
        foreach (var name in (string[])["$created", "$stream", "$sequence", "$message", "$manifest", "$writer"])
        {
            insert.Parameters.Add(new SqliteParameter { ParameterName = name });
        }

        WriteStream(insert, $"node|{Node}", RegistryEvents.Vocabulary, ids.Select((id, i) => (Cause(i), (object)new RegistryEvents.Registered(Entry(id, i)))));
        foreach (var (i, id) in ids.Index())
        {
            WriteStream(insert, VmActor.StreamOf(Node, id), VmEvents.Vocabulary, Life(id, i));
        }

        transaction.Commit();
    }

    private void WriteStream(SqliteCommand insert, string stream, Vocabulary vocabulary, IEnumerable<(Cause Cause, object Event)> events)
    {
        var (head, sequence, writer) = (EventHash.Start, 0L, Guid.NewGuid().ToString("N"));
        foreach (var (cause, e) in events)
        {
            var stored = StoredEvent.Seal(vocabulary, stream, ++sequence, _at, head, cause, e);
            head = stored.Hash;
            insert.Parameters["$created"].Value = _at.ToUnixTimeMilliseconds();
            insert.Parameters["$stream"].Value = stream;
            insert.Parameters["$sequence"].Value = sequence;
            insert.Parameters["$message"].Value = stored.Bytes;
            insert.Parameters["$manifest"].Value = stored.Manifest;
            insert.Parameters["$writer"].Value = writer;
            insert.ExecuteNonQuery();
        }
    }

    private IEnumerable<(Cause Cause, object Event)> Life(InstanceId id, int i)
    {
        var request = Request(i);
        var spec = new VmSpec(Name(i), request.Os, request.Vcpus, request.RamBytes, 0, request.Network, request.Model, request.Labels, false, _image);
        (string Observation, IVmEvent Event)[] observed =
        [
            ("outcome:provision", new VmEvents.Provisioned(1)),
            ("outcome:provision", new VmEvents.BootBegun(1, BootTrigger.Created, 2, 0)),
            ("outcome:boot", new VmEvents.DomainStarted(2, 1)),
            ("guest:console", new VmEvents.GuestReady(1, "console")),
            ("hypervisor:reset", new VmEvents.BootBegun(2, BootTrigger.Guest, 0, 1)),
            ("guest:console", new VmEvents.GuestReady(2, "console")),
        ];
        return observed.Select(step => (Actors.Journal.Cause.Observed(step.Observation), (object)step.Event))
            .Prepend((Cause(i), new VmEvents.Created(id, Node, "anonymous", RequestId(i), request.Digest(), spec, 1)));
    }

    private void WriteDomains(List<InstanceId> ids)
    {
        var domains = Path.Combine(_data, "simulated", "domains");
        Directory.CreateDirectory(domains);
        foreach (var id in ids)
        {
            var domain = new SimulatedDomain
            {
                Id = id,
                Owner = Node,
                Guest = new SimulatedGuest(TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(20)),
                Power = Power.Running,
                Run = 1,
                Boot = 2,
                Resets = 1,
                Ready = true,
            };
            File.WriteAllBytes(
                Path.Combine(domains, id.Value + ".json"), JsonSerializer.SerializeToUtf8Bytes(domain, SimulatedJson.Default.SimulatedDomain));
        }
    }

    private static Cause Cause(int i) => new("anonymous", "trusted", RequestId(i), "c1", "anonymous-loopback", new string('0', 64));

    private static RegistryEntry Entry(InstanceId id, int i)
    {
        var request = Request(i);
        return new RegistryEntry(id, Name(i), "anonymous", RequestId(i), request.Digest(), request.Os, request.Vcpus, request.RamBytes, 0);
    }

    private static VmRequest Request(int i) => new(
        "tiny", 1, 128L << 20, 0, NetworkMode.None, "anthropic:claude", Name(i), false, new Dictionary<string, string> { ["task"] = "bench" });

    private static string RequestId(int i) => string.Create(CultureInfo.InvariantCulture, $"bench-{i}");

    private static string Name(int i) => string.Create(CultureInfo.InvariantCulture, $"sandbox-{i}");
}
