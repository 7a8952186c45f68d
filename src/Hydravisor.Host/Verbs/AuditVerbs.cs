using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json;
using Hydravisor.Actors.Audit;
using Hydravisor.Actors.Audit.Bundles;
using Hydravisor.Actors.Audit.Checkpoints;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Setup;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Host.Verbs;

/// <summary><c>hydravisor audit …</c>: what a journal says, and whether it is as it was written. No node is needed for it, and one may run.</summary>
internal static class AuditVerbs
{
    private static readonly Option<string?> Data = DataPlace.Option();

    private static readonly Option<string?> Journal = new("--journal")
    {
        Description = "In place of the data directory's journal: a journal.db, or a copy of one, or a database, postgresql://USER@HOST:PORT/DATABASE",
        HelpName = "FILE|URI",
        Recursive = true,
    };

    /// <summary>The group of verbs.</summary>
    public static Command Build() => new("audit", "Check a journal, and read who did what in it.")
    {
        Data,
        Journal,
        Verify(),
        Show(),
        At(),
        AuditExportVerb.Build(VmsOption(), SinceOption(), DataOf, On),
    };

    private static Command Verify()
    {
        var heads = new Option<string?>("--heads") { Description = "Heads that were kept elsewhere: they vouch for the last events too", HelpName = "FILE" };
        var save = new Option<string?>("--save-heads") { Description = "Write the heads to a file, when nothing was found", HelpName = "FILE" };
        var keys = new Option<string[]>("--public-key") { Description = "The node's public key (node-key.pub.pem), kept elsewhere: checkpoints must be signed by it", HelpName = "FILE" };
        var witness = new Option<string?>("--witness") { Description = "What a witness keeps: the journal must have it", HelpName = "FILE" };
        var bundle = new Option<string?>("--bundle") { Description = "A bundle of audit export, in place of a journal", HelpName = "FILE" };
        var output = OutputOption("text");
        var verb = new Command("verify", "Find the first record of each stream that was altered, removed, reordered, inserted or cut off") { keys, witness, heads, save, bundle, output };
        return On(verb, output, (parsed, output, address, stop) =>
        {
            if (parsed.GetValue(bundle) is { } exported)
            {
                return VerifyBundle(exported, parsed.GetValue(keys), parsed.GetValue(witness), parsed.GetValue(heads) ?? parsed.GetValue(save), output, stop);
            }

            var known = parsed.GetValue(heads) is { } kept ? HeadsFile.Read(kept) : null;
            using var journal = JournalReader.Open(address);
            var check = JournalCheck.Run(journal, known, Keys(parsed.GetValue(keys)), Witnessed(parsed.GetValue(witness)), stop);
            output.Check(address.ToString(), check);
            if (check.Findings.Count > 0)
            {
                return ExitCode.Refused;
            }

            if (parsed.GetValue(save) is { } to)
            {
                HeadsFile.Write(to, check.Heads);
            }

            return ExitCode.Ok;
        });
    }

    private static int VerifyBundle(string bundle, string[]? keys, string? witness, string? heads, AuditOutput output, CancellationToken stop)
    {
        if (heads is not null)
        {
            throw new VerbFailure("--heads and --save-heads are for a whole journal; a bundle has a part of one", ExitCode.Usage);
        }

        var check = BundleCheck.Run(bundle, Keys(keys), Witnessed(witness), stop);
        output.Bundle(bundle, check);
        return check.Problems.Count + check.Journal.Findings.Count > 0 ? ExitCode.Refused : ExitCode.Ok;
    }

    private static List<PublicKey> Keys(string[]? files) => [.. (files ?? []).Select(PublicKey.Read)];

    private static IReadOnlyList<WitnessedCheckpoint> Witnessed(string? file) => file is null ? [] : SignedHeads.ReadWitness(file);

    private static Command Show()
    {
        var vm = VmOption(required: false);
        var agent = new Option<string?>("--agent") { Description = "Only what this agent asked for: its fingerprint, or anonymous", HelpName = "FP" };
        var since = SinceOption();
        var output = OutputOption("table");
        var verb = new Command("show", "List events in the order in which they were stored, and who asked for them or what was seen") { vm, agent, since, output };
        return On(verb, output, (parsed, output, address, stop) =>
        {
            var (who, from) = (parsed.GetValue(agent), parsed.GetValue(since));
            using var journal = JournalReader.Open(address);
            output.EntryHeader();
            var about = parsed.GetValue(vm);
            foreach (var row in journal.RowsAsStored(about ?? ""))
            {
                stop.ThrowIfCancellationRequested();
                var entry = AuditEntry.Of(row);
                if ((about is null || entry.IsAbout(about)) && (who is null || entry.Cause?.Agent == who) && (from is null || entry.At is null || entry.At >= from))
                {
                    output.Entry(entry);
                }
            }

            return ExitCode.Ok;
        });
    }

    private static Command At()
    {
        var time = new Argument<DateTimeOffset?>("TIME") { Description = "When, such as 2026-11-23T12:00:00Z", CustomParser = Time, Arity = ArgumentArity.ExactlyOne };
        var vm = VmOption(required: true);
        var output = OutputOption("text");
        var verb = new Command("at", "Say how a VM was at some time, who was at its terminal, and which policy was in force") { time, vm, output };
        return On(verb, output, (parsed, output, address, _) =>
        {
            var (id, when) = (parsed.GetValue(vm)!, parsed.GetValue(time)!.Value);
            using var journal = JournalReader.Open(address);
            try
            {
                var past = VmPast.At(journal.RowsOf($"|{id}"), when)
                    ?? throw new VerbFailure($"{id} was not there at {when.UtcDateTime:O}; to see its events: hydravisor audit show --vm {id}");
                output.Past(when, past, TerminalsPast.At(journal.LedgerOf(past.State.Node), id, when));
            }
            catch (Exception e) when (e is BrokenChainException or ContradictionException or JsonException or FormatException or KeyNotFoundException or InvalidOperationException)
            {
                throw new VerbFailure($"what the journal says of {id} cannot be told: {TerminalText.Of(e.Message)} To see more: hydravisor audit verify");
            }

            return ExitCode.Ok;
        });
    }

    private static Option<string?> VmOption(bool required)
    {
        var vm = new Option<string?>("--vm") { Description = "Its instance id", HelpName = "ID", Required = required };
        vm.Validators.Add(CheckIds);
        return vm;
    }

    private static Option<string[]> VmsOption()
    {
        var vms = new Option<string[]>("--vm") { Description = "Only this VM, by its instance id; may be given again", HelpName = "ID" };
        vms.Validators.Add(CheckIds);
        return vms;
    }

    private static Option<DateTimeOffset?> SinceOption() =>
        new("--since") { Description = "Only what was decided then or later", HelpName = "TIME", CustomParser = Time };

    private static void CheckIds(OptionResult result)
    {
        foreach (var id in result.Tokens.Select(token => token.Value).Where(id => !InstanceId.IsWellFormed(id)))
        {
            result.AddError($"--vm {TerminalText.Of(id)}: {InstanceId.Form}.");
        }
    }

    private static Option<string> OutputOption(string people) =>
        new Option<string>("--output", "-o") { Description = $"{people} for people, json for programs", DefaultValueFactory = _ => people }
            .AcceptOnlyFromAmong(people, "json");

    private static DateTimeOffset? Time(ArgumentResult given)
    {
        var text = given.Tokens[0].Value;
        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
        {
            return time;
        }

        given.AddError($"{TerminalText.Of(text)} is no time; it must be such as 2026-11-23T12:00:00Z or 2026-11-23 (UTC where no offset stands).");
        return null;
    }

    private static Command On(Command command, Option<string> format, Func<ParseResult, AuditOutput, JournalAddress, CancellationToken, int> run) =>
        On(command, (parsed, environment, address, stop) => run(parsed, new AuditOutput(environment, parsed.GetValue(format) == "json"), address, stop));

    private static Command On(Command command, Func<ParseResult, VerbEnvironment, JournalAddress, CancellationToken, int> run)
    {
        command.SetAction((parsed, cancellation) => LocalVerb.RunAsync(
            parsed,
            environment => Task.FromResult(run(parsed, environment, AddressOf(environment, parsed.GetValue(Data), parsed.GetValue(Journal)), cancellation)),
            wrong => wrong is JournalUnreadableException or SettingException or IOException or UnauthorizedAccessException ? ExitCode.Unreadable : null,
            cancellation));
        return command;
    }

    private static string? DataOf(ParseResult parsed, VerbEnvironment environment) =>
        parsed.GetValue(Journal) is null ? DataPlace.DirectoryOf(environment, parsed.GetValue(Data)) : null;

    private static JournalAddress AddressOf(VerbEnvironment environment, string? data, string? journal)
    {
        if (journal is null)
        {
            return NodeJournal.AddressOf(DataPlace.SettingsOf(environment, data));
        }

        if (data is not null)
        {
            throw new VerbFailure("--data and --journal both say which journal; give one of them", ExitCode.Usage);
        }

        try
        {
            return JournalAddress.Parse(journal);
        }
        catch (FormatException e)
        {
            throw new VerbFailure(TerminalText.Of(e.Message), ExitCode.Usage);
        }
    }
}
