using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Hydravisor.Actors.Audit.Checkpoints;
using Hydravisor.Actors.Journal;

namespace Hydravisor.Actors.Audit.Bundles;

/// <summary>What the check of a bundle came to.</summary>
/// <param name="Manifest">What it says is in it.</param>
/// <param name="Problems">What is wrong with its files, each a sentence.</param>
/// <param name="Journal">The check of its journal.</param>
internal sealed record BundleCheck(BundleManifest Manifest, IReadOnlyList<string> Problems, JournalCheck Journal)
{
    /// <summary>Checks a bundle: its manifest's signature, its files, its policies, its journal. Blocks.</summary>
    /// <param name="file">The bundle.</param>
    /// <param name="keys">The public keys that may have signed; none: signatures are not checked.</param>
    /// <param name="witnessed">What witnesses know.</param>
    /// <param name="stop">Ends it; nothing is left.</param>
    /// <exception cref="JournalUnreadableException">It is no bundle.</exception>
    public static BundleCheck Run(string file, IReadOnlyList<PublicKey> keys, IReadOnlyList<WitnessedCheckpoint> witnessed, CancellationToken stop)
    {
        var directory = Directory.CreateTempSubdirectory("hydravisor-bundle-").FullName;
        try
        {
            Unpack(file, directory, stop);
            var text = Read(directory, BundleManifest.Name, file);
            var manifest = Parse(text, file);
            var problems = Wrong(directory, manifest, stop);
            if (keys.Count > 0 && !keys.Any(key => key.Verify(text, Read(directory, BundleManifest.SignatureName, file))))
            {
                problems.Insert(0, $"{BundleManifest.Name} is not signed by the key that was given: what is in the bundle may not be what was exported.");
            }

            using var journal = JournalReader.Open(new JournalAddress.SqliteFile(Path.Combine(directory, BundleWriter.JournalName)));
            return new BundleCheck(manifest, problems, JournalCheck.Run(journal, heads: null, keys, witnessed, stop, manifest.Streams.ToHashSet(StringComparer.Ordinal)));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static List<string> Wrong(string directory, BundleManifest manifest, CancellationToken stop)
    {
        var problems = new List<string>();
        var left = Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(directory, path))
            .Where(path => path is not (BundleManifest.Name or BundleManifest.SignatureName))
            .ToHashSet(StringComparer.Ordinal);
        foreach (var listed in manifest.Files)
        {
            stop.ThrowIfCancellationRequested();
            if (!left.Remove(listed.Path))
            {
                problems.Add($"{listed.Path} is missing.");
                continue;
            }

            using var content = File.OpenRead(Path.Combine(directory, listed.Path));
            if (content.Length != listed.Bytes || Convert.ToHexStringLower(SHA256.HashData(content)) != listed.Sha256)
            {
                problems.Add($"{listed.Path} is not what was exported: its digest is another one.");
            }
        }

        problems.AddRange(left.Order(StringComparer.Ordinal).Select(path => $"{path} was put in after the export."));
        problems.AddRange(Directory.EnumerateFiles(Path.Combine(directory, BundleWriter.PoliciesFolder))
            .Where(path => Path.GetFileNameWithoutExtension(path) != Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path))))
            .Select(path => $"{BundleWriter.PoliciesFolder}/{Path.GetFileName(path)} is not the policy of that digest."));
        return problems;
    }

    private static BundleManifest Parse(string text, string file)
    {
        try
        {
            var manifest = JsonSerializer.Deserialize(text, BundleJson.Default.BundleManifest) ?? throw new JsonException("it is null");
            return manifest.Format == BundleManifest.Version1
                ? manifest
                : throw new JournalUnreadableException($"{file} is a bundle of the format '{manifest.Format}', which this version does not know; {BundleManifest.Version1} is right");
        }
        catch (JsonException e)
        {
            throw new JournalUnreadableException($"{file} is no bundle: its {BundleManifest.Name} cannot be read ({e.Message})");
        }
    }

    private static string Read(string directory, string name, string file)
    {
        var path = Path.Combine(directory, name);
        return File.Exists(path) ? File.ReadAllText(path, Encoding.UTF8) : throw new JournalUnreadableException($"{file} is no bundle: it has no {name}");
    }

    // Only plain files below the directory: a bundle comes from elsewhere.
    private static void Unpack(string file, string directory, CancellationToken stop)
    {
        try
        {
            using var packed = new GZipStream(File.OpenRead(file), CompressionMode.Decompress);
            using var tar = new TarReader(packed);
            while (tar.GetNextEntry() is { } entry)
            {
                stop.ThrowIfCancellationRequested();
                var path = Path.GetFullPath(Path.Combine(directory, entry.Name));
                if (entry.EntryType is TarEntryType.Directory && (path + "/").StartsWith(directory + "/", StringComparison.Ordinal))
                {
                    continue;
                }

                if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile) || !path.StartsWith(directory + "/", StringComparison.Ordinal))
                {
                    throw new JournalUnreadableException($"{file} is no bundle: '{entry.Name}' is no plain file of it");
                }

                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                entry.ExtractToFile(path, overwrite: false);
            }

            Directory.CreateDirectory(Path.Combine(directory, BundleWriter.PoliciesFolder));
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or FormatException)
        {
            throw new JournalUnreadableException($"{file} is no bundle: {e.Message}");
        }
        catch (IOException e)
        {
            throw new JournalUnreadableException($"{file} cannot be read as a bundle: {e.Message}");
        }
    }
}
