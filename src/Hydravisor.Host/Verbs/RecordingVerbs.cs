using System.CommandLine;
using System.Globalization;
using Hydravisor.Actors.Recordings;
using Hydravisor.Actors.Setup;

namespace Hydravisor.Host.Verbs;

/// <summary><c>hydravisor recording …</c>: what was shown and typed at the terminals of recorded VMs. No node is needed for it.</summary>
internal static class RecordingVerbs
{
    private static readonly Option<string?> Data = DataPlace.Option();

    /// <summary>The group of verbs.</summary>
    public static Command Build() => new("recording", "List, export and play what was shown and typed at the terminals of recorded VMs.")
    {
        Data,
        List(),
        Export(),
        Play(),
    };

    private static Command List()
    {
        var vm = new Argument<string?>("VM") { Description = "Only this one: its id or name", Arity = ArgumentArity.ZeroOrOne };
        var output = new Option<string>("--output", "-o") { Description = "table for people, json for programs", DefaultValueFactory = _ => "table" }
            .AcceptOnlyFromAmong("table", "json");
        var verb = new Command("list", "List the recordings") { vm, output };
        return On(verb, (parsed, environment, archive, _) =>
        {
            var found = parsed.GetValue(vm) is { } wanted ? archive.Find(wanted) : archive.List();
            new RecordingOutput(environment, parsed.GetValue(output) == "json").List(found);
            return Task.CompletedTask;
        });
    }

    private static Command Export()
    {
        var vm = new Argument<string>("VM") { Description = "Its id or name" };
        var part = PartOption();
        var output = new Option<string>("--output", "-o") { Description = "The file, or - for stdout", HelpName = "FILE", DefaultValueFactory = _ => "-" };
        var noInput = new Option<bool>("--no-input") { Description = "Leave out what was typed, and by whom" };
        var verb = new Command("export", "Write a recording as one asciicast v2 file, as it was recorded") { vm, part, output, noInput };
        return On(verb, async (parsed, environment, archive, stop) =>
        {
            var lines = RecordingArchive.Export(Chosen(archive, parsed.GetRequiredValue(vm), parsed.GetValue(part)), !parsed.GetValue(noInput));
            var path = parsed.GetRequiredValue(output);
            if (path == "-")
            {
                await WriteAsync(lines, environment.Output, stop);
                return;
            }

            await using var file = new StreamWriter(path, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite });
            await WriteAsync(lines, file, stop);
        });
    }

    private static Command Play()
    {
        var vm = new Argument<string>("VM") { Description = "Its id or name" };
        var part = PartOption();
        var speed = new Option<double>("--speed") { Description = "So many times as fast", HelpName = "X", DefaultValueFactory = _ => 1 };
        var idle = new Option<double?>("--idle-limit") { Description = "Wait at most so long where nothing happens", HelpName = "SECONDS" };
        var verb = new Command("play", "Show a recording on this terminal, without what would make the terminal act or answer") { vm, part, speed, idle };
        return On(verb, async (parsed, environment, archive, stop) =>
        {
            var (times, limit) = (parsed.GetValue(speed), parsed.GetValue(idle));
            if (!(times > 0) || !double.IsFinite(times) || limit is < 0 or double.NaN)
            {
                throw new VerbFailure("--speed must be more than 0, and --idle-limit not less than 0", ExitCode.Usage);
            }

            await PlayAsync(environment, RecordingArchive.Output(Chosen(archive, parsed.GetRequiredValue(vm), parsed.GetValue(part))), times, limit, stop);
        });
    }

    private static Option<int?> PartOption() => new("--part") { Description = "Only this part; recording list shows them", HelpName = "N" };

    private static async Task PlayAsync(
        VerbEnvironment environment, IEnumerable<(TimeSpan At, string Text)> output, double speed, double? idleLimit, CancellationToken stop)
    {
        var filter = new ReplayFilter();
        var last = TimeSpan.Zero;
        try
        {
            foreach (var (at, text) in output)
            {
                var seconds = Math.Min((at - last).TotalSeconds, idleLimit ?? double.MaxValue) / speed;
                last = at;
                if (seconds > 0)
                {
                    await Task.Delay(TimeSpan.FromSeconds(Math.Min(seconds, TimeSpan.FromDays(1).TotalSeconds)), environment.Time, stop);
                }

                stop.ThrowIfCancellationRequested();
                await environment.Output.WriteAsync(filter.Filter(text));
                await environment.Output.FlushAsync(stop);
            }
        }
        finally
        {
            await environment.Output.WriteAsync(ReplayFilter.Restore);
            await environment.Output.FlushAsync(CancellationToken.None);
        }
    }

    private static async Task WriteAsync(IEnumerable<string> lines, TextWriter to, CancellationToken stop)
    {
        foreach (var line in lines)
        {
            stop.ThrowIfCancellationRequested();
            await to.WriteAsync($"{line}\n");
        }

        await to.FlushAsync(stop);
    }

    private static IReadOnlyList<ArchivedPart> Chosen(RecordingArchive archive, string vm, int? number)
    {
        var recording = archive.Find(vm) switch
        {
            [var one] => one,
            [] => throw new VerbFailure($"There is no recording of {TerminalText.Of(vm)}. To see what there is: hydravisor recording list"),
            var several => throw new VerbFailure(
                $"Several VMs were called {TerminalText.Of(vm)}; say which: {string.Join(", ", several.Select(each => each.InstanceId))}", ExitCode.Usage),
        };
        if (number is null)
        {
            return recording.Parts;
        }

        var part = recording.Parts.FirstOrDefault(each => each.Number == number)
            ?? throw new VerbFailure(string.Create(
                CultureInfo.InvariantCulture,
                $"{recording.InstanceId} has no part {number}; it has {string.Join(", ", recording.Parts.Select(each => each.Number))}"));
        return [part];
    }

    private static Command On(Command command, Func<ParseResult, VerbEnvironment, RecordingArchive, CancellationToken, Task> run)
    {
        command.SetAction(async (parsed, cancellation) =>
        {
            var environment = parsed.InvocationConfiguration as VerbEnvironment ?? VerbEnvironment.OfProcess();
            try
            {
                await run(parsed, environment, ArchiveOf(environment, parsed.GetValue(Data)), cancellation);
                return ExitCode.Ok;
            }
            catch (VerbFailure failure)
            {
                await environment.Error.WriteLineAsync($"hydravisor: {failure.Message}");
                return failure.ExitCode;
            }
            catch (Exception wrong) when (wrong is SettingException or IOException or UnauthorizedAccessException)
            {
                await environment.Error.WriteLineAsync($"hydravisor: {TerminalText.Of(wrong.Message)}");
                return ExitCode.Refused;
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return ExitCode.Interrupted;
            }
        });
        return command;
    }

    private static RecordingArchive ArchiveOf(VerbEnvironment environment, string? data) =>
        new(Path.Combine(DataPlace.DirectoryOf(environment, data), RecordingFolder.Name));
}
