using System.Text;
using Hydravisor.Actors.Audit;
using Hydravisor.Actors.Audit.Checkpoints;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Setup;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;
using Microsoft.Data.Sqlite;

namespace Hydravisor.Actors.Tests.Audit;

/// <summary>A journal in memory, sealed as the actors seal it, and the file of it.</summary>
internal sealed class WrittenJournal
{
    public const string Agent = "a1f0";

    public static readonly DateTimeOffset Noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    public static readonly InstanceId Id = InstanceId.Parse("vm-0123456789ab");

    private readonly Dictionary<string, EventHash> _heads = [];

    public List<JournalRow> Rows { get; } = [];

    public List<(string Stream, long Sequence, string Manifest, byte[] Bytes)> Snapshots { get; } = [];

    public IReadOnlyDictionary<string, (long Sequence, string Hash)> Heads =>
        _heads.ToDictionary(head => head.Key, head => (Rows.Last(row => row.Stream == head.Key).Sequence, head.Value.Hex));

    public static string StreamOf(InstanceId id) => $"vm|node-1|{id.Value}";

    /// <summary>A VM that was made, ran, and was suspended: one event a minute.</summary>
    public static WrittenJournal OfOneVm()
    {
        var journal = new WrittenJournal();
        journal.Add("node|node-1", RegistryEvents.Vocabulary, Asked("create-rule"), new RegistryEvents.Registered(
            new RegistryEntry(Id, "web", Agent, "request-1", "digest", "tiny", 1, 1 << 20, 0)));
        (Cause Cause, IVmEvent Event)[] life =
        [
            (Asked("create-rule"), new VmEvents.Created(Id, "node-1", Agent, "request-1", "digest", Spec(), 1)),
            (Cause.Observed("outcome:provision"), new VmEvents.Provisioned(1)),
            (Cause.Observed("outcome:provision"), new VmEvents.BootBegun(1, BootTrigger.Created, 2, 0)),
            (Cause.Observed("outcome:boot"), new VmEvents.DomainStarted(2, 1)),
            (Cause.Observed("guest:console"), new VmEvents.GuestReady(1, "console")),
            (Asked("suspend-rule"), new VmEvents.SuspendAccepted(3)),
            (Cause.Observed("outcome:suspend"), new VmEvents.Suspended(3)),
        ];
        foreach (var (cause, e) in life)
        {
            journal.Add(StreamOf(Id), VmEvents.Vocabulary, cause, e);
        }

        return journal;
    }

    /// <summary>The next event of a stream, a minute after the stream's last.</summary>
    public void Add(string stream, Vocabulary vocabulary, Cause cause, object e)
    {
        var sequence = Rows.LastOrDefault(row => row.Stream == stream).Sequence + 1;
        var stored = StoredEvent.Seal(vocabulary, stream, sequence, Noon.AddMinutes(sequence - 1), _heads.GetValueOrDefault(stream, EventHash.Start), cause, e);
        _heads[stream] = stored.Hash;
        Rows.Add(new JournalRow(stream, sequence, stored.Manifest, stored.Bytes, Rows.Count + 1, false));
    }

    /// <summary>A checkpoint of what came since the last one, as a node makes it.</summary>
    public Checkpoint Sign(NodeKey key)
    {
        const string Stream = "checkpoint|node-1";
        var last = Rows.Where(row => row.Stream == Stream).Select(row => (Checkpoint)StoredEvent.Open(Checkpoint.Vocabulary, row.Manifest, row.Bytes).Event).LastOrDefault();
        var moved = Rows.Where(row => row.Ordering > (last?.Through ?? 0) && row.Stream != Stream).ToList();
        var heads = moved.GroupBy(row => row.Stream).ToDictionary(
            rows => rows.Key, rows => Checkpoint.Head(rows.Last().Sequence, EventHash.Of(rows.Last().Manifest, rows.Last().Bytes).Hex));
        var made = new Checkpoint(
            "node-1", (last?.Number ?? 0) + 1, "2026-11-23T12:00:00.0000000Z", last?.Digest ?? EventHash.Start.Hex, moved.Count == 0 ? last?.Through ?? 0 : moved[^1].Ordering,
            (last?.Events ?? 0) + moved.Count, heads, key.Fingerprint, "");
        made = made with { Signature = key.Sign(made.Text) };
        Add(Stream, Checkpoint.Vocabulary, Cause.Observed("checkpoint:due"), made);
        return made;
    }

    /// <summary>A snapshot of a stream as it is now.</summary>
    public void Snapshot(string stream) => Snapshots.Add(
        (stream, Rows.Last(row => row.Stream == stream).Sequence, "vm.snapshot.v1", Encoding.UTF8.GetBytes($$"""{"state":{},"head":"{{_heads[stream].Hex}}"}""")));

    /// <summary>Writes the file as a node would.</summary>
    public void Write(string file)
    {
        JournalFile.Prepare(file);
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        using var transaction = connection.BeginTransaction();
        foreach (var row in Rows)
        {
            Execute(
                connection,
                "insert into journal (created, deleted, persistence_id, sequence_number, message, manifest, identifier, writer_uuid) values (0, 0, $0, $1, $2, $3, 7411, 'w')",
                row.Stream, row.Sequence, row.Bytes, row.Manifest);
        }

        foreach (var (stream, sequence, manifest, bytes) in Snapshots)
        {
            Execute(
                connection,
                "insert into snapshot (persistence_id, sequence_number, created, snapshot, manifest, serializer_id) values ($0, $1, 0, $2, $3, 7411)",
                stream, sequence, bytes, manifest);
        }

        transaction.Commit();
    }

    /// <summary>Does to the file what somebody does who owns it.</summary>
    public static void Alter(string file, string sql, params object[] arguments)
    {
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        Execute(connection, sql, arguments);
    }

    private static void Execute(SqliteConnection connection, string sql, params object[] arguments)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (i, argument) in arguments.Index())
        {
            command.Parameters.AddWithValue($"${i}", argument);
        }

        command.ExecuteNonQuery();
    }

    public static Cause Asked(string rule) => new(Agent, "operator", "request-1", "c1", rule, new string('d', 64));

    public static VmSpec Spec() => new(
        "web", "tiny", 1, 1 << 20, 0, NetworkMode.None, null, new Dictionary<string, string>(), false,
        new ImageRef("tiny", new string('a', 64), new ReadySignal("ready", Agent: false)));
}
