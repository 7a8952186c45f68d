using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using Hydravisor.Actors.Audit.Checkpoints;
using Hydravisor.Actors.Files;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Recordings;
using Hydravisor.Actors.Vms;
using Microsoft.Data.Sqlite;

namespace Hydravisor.Actors.Audit.Bundles;

/// <summary>Writes one file with all the evidence about some VMs, which can be verified elsewhere. Reads a node's data directory, also while the node runs; blocks.</summary>
internal static class BundleWriter
{
    /// <summary>The journal in a bundle.</summary>
    public const string JournalName = "journal.db";

    /// <summary>The file of a data directory that has the node's name.</summary>
    public const string NodeNameFile = "node-name";

    /// <summary>Where policies are in a bundle, each under its digest.</summary>
    public const string PoliciesFolder = "policies";

    private static readonly string[] VmFolders = [RecordingFolder.Name, VmPorts.LogsFolder];

    /// <summary>Writes a bundle: a gzipped tar.</summary>
    /// <param name="data">The node's data directory.</param>
    /// <param name="source">Where the journal is.</param>
    /// <param name="vms">The VMs; none: all.</param>
    /// <param name="file">The file; it must not be there.</param>
    /// <param name="now">The time.</param>
    /// <param name="stop">Ends it; nothing is left.</param>
    /// <returns>What is in it.</returns>
    /// <exception cref="JournalUnreadableException">There is no journal, or no such VM in it.</exception>
    /// <exception cref="CryptographicException">The node has no usable key.</exception>
    /// <exception cref="IOException">Something cannot be read or written.</exception>
    public static BundleManifest Write(string data, JournalAddress source, IReadOnlyList<string> vms, string file, DateTimeOffset now, CancellationToken stop)
    {
        var staging = Directory.CreateTempSubdirectory("hydravisor-bundle-").FullName;
        try
        {
            var journal = Path.Combine(staging, JournalName);
            var streams = Slice(source, vms, journal, stop);
            var found = Vms(journal, streams);
            Policies(journal, Path.Combine(staging, PoliciesFolder));
            foreach (var vm in found)
            {
                foreach (var folder in VmFolders)
                {
                    stop.ThrowIfCancellationRequested();
                    Copy(Path.Combine(data, folder, vm.Id), Path.Combine(staging, folder, vm.Id));
                }
            }

            var nameFile = Path.Combine(data, NodeNameFile);
            var node = File.Exists(nameFile) ? File.ReadAllText(nameFile).Trim() : StreamName.NodeOf(streams.Find(stream => stream.StartsWith("node|", StringComparison.Ordinal)) ?? "");
            var manifest = new BundleManifest(BundleManifest.Version1, node, now, found, streams, Files(staging, stop));
            Seal(data, staging, manifest);
            Pack(staging, file);
            return manifest;
        }
        finally
        {
            Directory.Delete(staging, recursive: true);
        }
    }

    // Whole streams, so that their chains can be checked: those of the VMs, and those of the nodes, which vouch for them.
    private static List<string> Slice(JournalAddress source, IReadOnlyList<string> vms, string target, CancellationToken stop)
    {
        using var reader = JournalReader.Open(source);
        var streams = Wanted(source, reader.Streams(), vms);
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = target, Pooling = false }.ConnectionString);
        connection.Open();
        using var transaction = connection.BeginTransaction();
        Execute(connection, "create table journal (ordering integer, deleted integer, persistence_id text, sequence_number integer, manifest text, message blob)");
        Execute(connection, "create table snapshot (persistence_id text, sequence_number integer, snapshot blob)");
        using var addRow = Prepare(connection, "insert into journal (ordering, deleted, persistence_id, sequence_number, manifest, message) values ($0, $1, $2, $3, $4, $5)", 6);
        using var addSnapshot = Prepare(connection, "insert into snapshot (persistence_id, sequence_number, snapshot) values ($0, $1, $2)", 3);
        foreach (var stream in streams)
        {
            stop.ThrowIfCancellationRequested();
            foreach (var row in reader.RowsIn(stream))
            {
                Execute(addRow, row.Ordering, row.Deleted, row.Stream, row.Sequence, row.Manifest, row.Bytes);
            }

            foreach (var row in reader.Snapshots(stream))
            {
                Execute(addSnapshot, row.Stream, row.Sequence, row.Bytes);
            }
        }

        Execute(connection, "create index journal_stream on journal (persistence_id, sequence_number)");
        Execute(connection, "create index snapshot_stream on snapshot (persistence_id, sequence_number)");
        transaction.Commit();
        return streams;
    }

    private static List<string> Wanted(JournalAddress source, IReadOnlyList<string> streams, IReadOnlyList<string> vms)
    {
        var (ofVms, ofNodes) = (streams.Where(IsOfVm).ToList(), streams.Where(stream => !IsOfVm(stream)));
        var wanted = vms.Count == 0 ? ofVms : [];
        foreach (var vm in vms)
        {
            var found = ofVms.FindAll(stream => stream.EndsWith("|" + vm, StringComparison.Ordinal));
            wanted.AddRange(found.Count > 0 ? found : throw new JournalUnreadableException($"the journal {source} has no VM {vm}"));
        }

        return [.. ofNodes.Concat(wanted).Distinct().Order(StringComparer.Ordinal)];
    }

    private static bool IsOfVm(string stream) => stream.StartsWith("vm|", StringComparison.Ordinal);

    private static List<BundledVm> Vms(string journal, IReadOnlyList<string> streams)
    {
        var found = new List<BundledVm>();
        using var reader = JournalReader.Open(new JournalAddress.SqliteFile(journal));
        foreach (var id in streams.Where(IsOfVm).Select(stream => stream[(stream.LastIndexOf('|') + 1)..]).Distinct())
        {
            var image = reader.RowsOf($"|{id}").Take(1).Select(row => Image(row)).FirstOrDefault();
            found.Add(new BundledVm(id, image?.Name, image?.Sha256));
        }

        return found;
    }

    private static Hypervisors.ImageRef? Image(in JournalRow row)
    {
        try
        {
            return StoredEvent.Open(VmEvents.Vocabulary, row.Manifest, row.Bytes).Event switch
            {
                VmEvents.Created created => created.Spec.Image,
                VmEvents.Adopted adopted => adopted.State.Spec?.Image,
                _ => null,
            };
        }
        catch (Exception e) when (e is JsonException or FormatException or KeyNotFoundException or InvalidOperationException)
        {
            // A record that cannot be read is evidence too; verify names it.
            return null;
        }
    }

    private static void Policies(string journal, string folder)
    {
        Directory.CreateDirectory(folder);
        using var reader = JournalReader.Open(new JournalAddress.SqliteFile(journal));
        foreach (var row in reader.RowsAsStored().Where(row => row.Manifest == "ledger.policy-in-force.v1"))
        {
            try
            {
                if (StoredEvent.Open(LedgerEvents.Vocabulary, row.Manifest, row.Bytes).Event is LedgerEvents.PolicyInForce policy && policy.Digest.All(char.IsAsciiHexDigitLower))
                {
                    File.WriteAllText(Path.Combine(folder, policy.Digest + ".txt"), policy.Text);
                }
            }
            catch (Exception e) when (e is JsonException or FormatException or KeyNotFoundException or InvalidOperationException)
            {
                // As above.
            }
        }
    }

    // A copy has one length, also of what is being written.
    private static void Copy(string from, string to)
    {
        if (!Directory.Exists(from))
        {
            return;
        }

        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(from))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }
    }

    private static List<BundledFile> Files(string staging, CancellationToken stop)
    {
        var files = new List<BundledFile>();
        foreach (var path in Directory.EnumerateFiles(staging, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            stop.ThrowIfCancellationRequested();
            using var file = File.OpenRead(path);
            files.Add(new BundledFile(Path.GetRelativePath(staging, path), file.Length, Convert.ToHexStringLower(SHA256.HashData(file))));
        }

        return files;
    }

    private static void Seal(string data, string staging, BundleManifest manifest)
    {
        using var key = NodeKey.Open(data);
        var text = JsonSerializer.Serialize(manifest, BundleJson.Default.BundleManifest);
        File.WriteAllText(Path.Combine(staging, BundleManifest.Name), text);
        File.WriteAllText(Path.Combine(staging, BundleManifest.SignatureName), key.Sign(text));
    }

    private static void Pack(string staging, string file)
    {
        using var whole = new WholeFile(file);
        using (var packed = new GZipStream(whole.Stream, CompressionLevel.Fastest, leaveOpen: true))
        {
            TarFile.CreateFromDirectory(staging, packed, includeBaseDirectory: false);
        }

        whole.Complete(overwrite: false);
    }

    private static SqliteCommand Prepare(SqliteConnection connection, string sql, int parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        for (var index = 0; index < parameters; index++)
        {
            command.Parameters.Add(new SqliteParameter { ParameterName = $"${index}" });
        }

        return command;
    }

    private static void Execute(SqliteCommand command, params object?[] arguments)
    {
        foreach (var (index, argument) in arguments.Index())
        {
            command.Parameters[index].Value = argument ?? DBNull.Value;
        }

        command.ExecuteNonQuery();
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = Prepare(connection, sql, 0);
        command.ExecuteNonQuery();
    }
}
