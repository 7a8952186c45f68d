using System.Text.Json.Nodes;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Images;
using Spectre.Console;

namespace Hydravisor.Host.Verbs;

/// <summary>Images on stdout, and the progress of a copy on stderr.</summary>
internal sealed class ImageOutput(VerbEnvironment environment, bool json)
{
    /// <summary>All of them.</summary>
    public void List(IReadOnlyList<ImageEntry> entries)
    {
        if (json)
        {
            environment.Output.WriteLine(new JsonArray([.. entries.Select(Node)]).ToJsonString());
            return;
        }

        var table = PlainTable.Of("NAME", "BUILT", "FROM", "BOOT", "MIN RAM", "READY", "AGENT", "CLOUD-INIT", "SHA256");

        foreach (var entry in entries)
        {
            table.AddRow(
                new Text(entry.Name),
                new Text(entry.IsBuilt ? "yes" : "no", new Style(entry.IsBuilt ? Color.Green : Color.Yellow)),
                new Text(entry.Recipe is { } recipe ? $"recipe {TerminalText.Of(recipe)}" : "imported"),
                new Text(Word(entry.Boot)),
                new Text(entry.MinRam.ToString()),
                new Text(TerminalText.Of(Word(entry.Ready))),
                new Text(entry.Agent ? "yes" : "no"),
                new Text(entry.CloudInit ? "yes" : "no"),
                new Text(entry.Sha256?[..12] ?? ""));
        }

        environment.Show(table);
    }

    /// <summary>Shows a bar to a person while a copy goes on; writes nothing for programs.</summary>
    public static async Task<T> CopyingAsync<T>(VerbEnvironment environment, Func<IProgress<ImageImportProgress>?, Task<T>> copy)
    {
        if (!environment.Colours)
        {
            return await copy(null);
        }

        return await PlainTable.ConsoleOn(environment.Error, colours: true).Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new DownloadedColumn(), new TransferSpeedColumn())
            .StartAsync(bar =>
            {
                var task = bar.AddTask("copying");
                return copy(new Bar(task));
            });
    }

    private static JsonNode Node(ImageEntry entry) => new JsonObject
    {
        ["name"] = entry.Name,
        ["built"] = entry.IsBuilt,
        ["recipe"] = entry.Recipe,
        ["boot"] = Word(entry.Boot),
        ["architecture"] = entry.Architecture,
        ["min_ram"] = entry.MinRam.ToString(),
        ["ready_console"] = entry.Ready.ConsolePattern,
        ["ready_agent"] = entry.Ready.Agent,
        ["agent"] = entry.Agent,
        ["cloud_init"] = entry.CloudInit,
        ["kernel"] = entry.KernelPath,
        ["initrd"] = entry.InitrdPath,
        ["disk"] = entry.DiskPath,
        ["format"] = entry.DiskPath is null ? null : entry.DiskFormat,
        ["sha256"] = entry.Sha256,
    };

    private static string Word(ImageBoot boot) => boot == ImageBoot.Kernel ? "kernel" : "disk";

    private static string Word(ReadySignal ready) => (ready.Agent, ready.ConsolePattern) switch
    {
        (true, { } pattern) => $"agent or console {pattern}",
        (false, { } pattern) => $"console {pattern}",
        _ => "agent",
    };

    /// <summary>Reports where it is called: a bar drawn later by another thread would outlive the copy.</summary>
    private sealed class Bar(ProgressTask task) : IProgress<ImageImportProgress>
    {
        public void Report(ImageImportProgress value)
        {
            task.IsIndeterminate = value.Total is null;
            task.MaxValue = value.Total ?? value.Bytes + 1;
            task.Value = value.Bytes;
        }
    }
}
