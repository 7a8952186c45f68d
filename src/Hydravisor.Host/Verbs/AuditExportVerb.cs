using System.CommandLine;
using System.Security.Cryptography;
using Hydravisor.Actors.Audit;
using Hydravisor.Actors.Audit.Bundles;
using Hydravisor.Actors.Journal;

namespace Hydravisor.Host.Verbs;

/// <summary><c>hydravisor audit export</c>: the evidence as one file, for who has no access to the node.</summary>
internal static class AuditExportVerb
{
    /// <summary>The verb.</summary>
    /// <param name="vm">Makes the option that names VMs.</param>
    /// <param name="since">Only what was decided then or later.</param>
    /// <param name="dataOf">The data directory, where a command line names no journal elsewhere; null: it does.</param>
    /// <param name="on">Runs it on a journal.</param>
    public static Command Build(Option<string[]> vm, Option<DateTimeOffset?> since, Func<ParseResult, VerbEnvironment, string?> dataOf, Func<Command, Func<ParseResult, VerbEnvironment, JournalAddress, CancellationToken, int>, Command> on)
    {
        var to = new Option<string>("--to") { Description = "The file; of events also - for stdout", HelpName = "FILE", Required = true };
        var format = new Option<string>("--format")
        {
            Description = "bundle: journal, ledger, checkpoints, recordings, logs and policies as one archive, for audit verify --bundle; ocsf: events as lines of OCSF JSON",
            DefaultValueFactory = _ => "bundle",
        }.AcceptOnlyFromAmong("bundle", "ocsf");
        var verb = new Command("export", "Write the evidence about VMs, or all of it, into one file") { to, vm, since, format };
        return on(verb, (parsed, environment, journal, stop) =>
        {
            var (vms, file) = (parsed.GetValue(vm) ?? [], parsed.GetRequiredValue(to));
            if (parsed.GetValue(format) == "ocsf")
            {
                WriteEvents(environment, journal, vms, parsed.GetValue(since), file, stop);
                return ExitCode.Ok;
            }

            if (parsed.GetValue(since) is not null)
            {
                throw new VerbFailure("--since is for --format ocsf: a bundle has whole streams, since only those can be verified", ExitCode.Usage);
            }

            var data = dataOf(parsed, environment)
                ?? throw new VerbFailure("a bundle is made of a data directory, with its recordings and logs: give --data in place of --journal", ExitCode.Usage);
            WriteBundle(environment, data, journal, vms, Path.GetFullPath(file), stop);
            return ExitCode.Ok;
        });
    }

    private static void WriteBundle(VerbEnvironment environment, string data, JournalAddress journal, string[] vms, string file, CancellationToken stop)
    {
        if (File.Exists(file))
        {
            throw new VerbFailure($"{file} is there already; evidence is not overwritten: give another name");
        }

        try
        {
            var made = BundleWriter.Write(data, journal, vms, file, environment.Time.GetUtcNow(), stop);
            environment.Output.WriteLine($"{file}: {made.Vms.Count} VMs, {made.Streams.Count} streams, {made.Files.Count} files; to check it: hydravisor audit verify --bundle FILE --public-key FILE");
        }
        catch (CryptographicException e)
        {
            throw new VerbFailure($"the bundle cannot be signed: {e.Message}");
        }
    }

    private static void WriteEvents(VerbEnvironment environment, JournalAddress journal, string[] vms, DateTimeOffset? since, string file, CancellationToken stop)
    {
        using var reader = JournalReader.Open(journal);
        using var output = new OutputFile(environment.Output, file, overwrite: false);
        foreach (var row in reader.RowsAsStored(vms is [var one] ? one : ""))
        {
            stop.ThrowIfCancellationRequested();
            var entry = AuditEntry.Of(row);
            if ((vms.Length == 0 || vms.Any(entry.IsAbout)) && (since is null || entry.At >= since) && Ocsf.Of(entry) is { } happened)
            {
                output.Writer.WriteLine(happened.ToJsonString());
            }
        }

        output.Complete();
    }
}
