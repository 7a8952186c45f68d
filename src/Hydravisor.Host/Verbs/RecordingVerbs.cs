using System.CommandLine;
using Hydravisor.Actors.Recordings;
using Hydravisor.Actors.Setup;
using Hydravisor.Client;

namespace Hydravisor.Host.Verbs;

/// <summary>
/// <c>hydravisor recording …</c>: what was shown and typed at the terminals of recorded VMs. From a node's data directory, for which no node is needed, or through any
/// node that is named.
/// </summary>
internal sealed class RecordingVerbs
{
    private readonly Option<string?> _data = DataPlace.Option();
    private readonly ClientVerb _client = new();
    private readonly Option<string?> _node = new("--node") { Description = "With --connect: the recording that this node made; else the one of the node that has the VM", HelpName = "NODE", Recursive = true };

    private RecordingVerbs()
    {
    }

    /// <summary>The group of verbs.</summary>
    public static Command Build()
    {
        var verbs = new RecordingVerbs();
        var group = new Command("recording", "List, export and play what was shown and typed at the terminals of recorded VMs: in a data directory, or through a node (--connect).")
        {
            verbs._data,
            verbs._node,
            verbs.List(),
            verbs.Export(),
            verbs.Play(),
        };
        verbs._client.AddConnectionTo(group);
        return group;
    }

    private Command List()
    {
        var vm = new Argument<string?>("VM") { Description = "Only this one: its id or name. Through a node one that is gone has its id alone", Arity = ArgumentArity.ZeroOrOne };
        var output = new Option<string>("--output", "-o") { Description = "table for people, json for programs", DefaultValueFactory = _ => "table" }
            .AcceptOnlyFromAmong("table", "json");
        var verb = new Command("list", "List the recordings") { vm, output };
        return On(verb, async (parsed, environment, shelf, stop) =>
            new RecordingOutput(environment, parsed.GetValue(output) == "json").List(await shelf.ListAsync(parsed.GetValue(vm), stop)));
    }

    private Command Export()
    {
        var vm = new Argument<string>("VM") { Description = "Its id or name" };
        var part = PartOption();
        var output = new Option<string>("--output", "-o") { Description = "The file, or - for stdout", HelpName = "FILE", DefaultValueFactory = _ => "-" };
        var noInput = new Option<bool>("--no-input") { Description = "Leave out what was typed, and by whom" };
        var verb = new Command("export", "Write a recording as one asciicast v2 file, as it was recorded") { vm, part, output, noInput };
        return On(verb, async (parsed, environment, shelf, stop) =>
        {
            using var to = new OutputFile(environment.Output, parsed.GetRequiredValue(output), overwrite: true);
            await shelf.ExportAsync(
                parsed.GetRequiredValue(vm), parsed.GetValue(part), !parsed.GetValue(noInput), line => to.Writer.WriteAsync($"{line}\n"), stop);
            to.Complete();
        });
    }

    private Command Play()
    {
        var vm = new Argument<string>("VM") { Description = "Its id or name" };
        var part = PartOption();
        var speed = new Option<double>("--speed") { Description = "So many times as fast", HelpName = "X", DefaultValueFactory = _ => 1 };
        var idle = new Option<double?>("--idle-limit") { Description = "Wait at most so long where nothing happens", HelpName = "SECONDS" };
        var verb = new Command("play", "Show a recording on this terminal, without what would make the terminal act or answer") { vm, part, speed, idle };
        return On(verb, async (parsed, environment, shelf, stop) =>
        {
            var (times, limit) = (parsed.GetValue(speed), parsed.GetValue(idle));
            if (!(times > 0) || !double.IsFinite(times) || limit is < 0 or double.NaN)
            {
                throw new VerbFailure("--speed must be more than 0, and --idle-limit not less than 0", ExitCode.Usage);
            }

            var player = new RecordingPlayer(environment, times, limit);
            try
            {
                await shelf.ExportAsync(parsed.GetRequiredValue(vm), parsed.GetValue(part), withInput: false, line => player.ShowAsync(line, stop), stop);
            }
            finally
            {
                await player.EndAsync();
            }
        });
    }

    private static Option<int?> PartOption() => new("--part") { Description = "Only this part; recording list shows them", HelpName = "N" };

    private Command On(Command command, Func<ParseResult, VerbEnvironment, IRecordingShelf, CancellationToken, Task> run)
    {
        command.Validators.Add(given =>
        {
            if (given.GetResult(_data) is not null && _client.IsMeant(given))
            {
                given.AddError("--data reads a data directory, and --connect asks a node: only one of them can be meant.");
            }
            else if (given.GetResult(_node) is not null && !_client.IsMeant(given))
            {
                given.AddError("--node says which node's recording is meant where a node is asked: --connect HOST:PORT");
            }
        });
        command.SetAction((parsed, cancellation) => _client.IsMeant(parsed.CommandResult)
            ? _client.RunAsync(parsed, (call, stop) => AskAsync(call, run, stop), cancellation)
            : LocalVerb.RunAsync(
                parsed,
                async environment =>
                {
                    var directory = Path.Combine(DataPlace.DirectoryOf(environment, parsed.GetValue(_data)), RecordingFolder.Name);
                    await run(parsed, environment, new DirectoryShelf(new RecordingArchive(directory)), cancellation);
                    return ExitCode.Ok;
                },
                wrong => wrong is SettingException or IOException or UnauthorizedAccessException ? ExitCode.Refused : null,
                cancellation));
        return command;
    }

    private async Task AskAsync(VerbCall call, Func<ParseResult, VerbEnvironment, IRecordingShelf, CancellationToken, Task> run, CancellationToken stop)
    {
        try
        {
            await run(call.Parsed, call.Environment, new NodeShelf(call.Client, call.Parsed.GetValue(_node), call.Environment), stop);
        }
        catch (Exception wrong) when (wrong is (IOException or UnauthorizedAccessException) and not HydravisorConnectionException)
        {
            throw new VerbFailure(TerminalText.Of(wrong.Message));
        }
    }
}
