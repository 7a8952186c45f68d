using System.CommandLine;
using Hydravisor.Actors.Hypervisors.Images;
using Hydravisor.Actors.Setup;
using Hydravisor.Protocol;

namespace Hydravisor.Host.Verbs;

/// <summary>
/// <c>hydravisor image …</c>: the guest images of this machine. No node is needed for it; one that runs sees what was imported at once.
/// </summary>
internal static class ImageVerbs
{
    /// <summary>The group of verbs.</summary>
    public static Command Build() => new("image", "List, build and import guest images.")
    {
        List(),
        BuildOne(),
        Import(),
    };

    private static Command List()
    {
        var output = new Option<string>("--output", "-o") { Description = "table for people, json for programs", DefaultValueFactory = _ => "table" }
            .AcceptOnlyFromAmong("table", "json");
        var verb = new Command("list", "List the images that may be, and whether they are built") { output };
        return On(verb, (parsed, place, _) =>
        {
            new ImageOutput(place.Environment, parsed.GetValue(output) == "json").List(place.Catalogue().All);
            return Task.CompletedTask;
        });
    }

    private static Command BuildOne()
    {
        var name = new Argument<string>("NAME") { Description = "An image with a recipe, such as tiny or debian-12" };
        var verb = new Command("build", "Build an image from its recipe (from a checkout; debian-12 needs root)") { name };
        return On(verb, async (parsed, place, stop) =>
        {
            var wanted = parsed.GetRequiredValue(name);
            var catalogue = place.Catalogue();
            if (!catalogue.TryGet(wanted, out var entry) || entry.Recipe is not { } recipe)
            {
                var names = catalogue.All.Where(each => each.Recipe is not null).Select(each => each.Name);
                throw new VerbFailure(
                    $"\"{TerminalText.Of(wanted)}\" has no recipe. There are recipes for: {string.Join(", ", names)}", ExitCode.Usage);
            }

            await ImageRecipe.RunAsync(recipe, place, stop);
            if (!place.Catalogue().TryGet(wanted, out var built) || !built.IsBuilt)
            {
                throw new VerbFailure(
                    $"The recipe {recipe} has ended, but the files of {wanted} in {place.ImagesDirectory} are not those that the catalogue names.");
            }
        });
    }

    private static Command Import()
    {
        var name = new Argument<string>("NAME") { Description = "The name it gets: 1 to 40 of a-z, 0-9, . and -" };
        var from = new Option<string>("--from")
        {
            Description = "A whole disk, qcow2 or raw: a file, or an http or https address",
            HelpName = "FILE|URL",
            Required = true,
        };
        var sha256 = new Option<string>("--sha256") { Description = "The digest that it must have", HelpName = "HEX", Required = true };
        var ready = new Option<string?>("--ready-console")
        {
            Description = "What a line of the console matches when the guest is up; without it the guest agent must answer",
            HelpName = "REGEX",
        };
        var agent = new Option<bool>("--agent") { Description = "With --ready-console: the guest agent runs in it too" };
        var noCloudInit = new Option<bool>("--no-cloud-init") { Description = "It reads no NoCloud seed" };
        var minRam = new Option<string>("--min-ram")
        {
            Description = "The least memory that it boots with",
            HelpName = "SIZE",
            DefaultValueFactory = _ => "512MB",
        };
        var replace = new Option<bool>("--replace") { Description = "Replace an imported image of that name; VMs made of the former keep it" };
        var verb = new Command("import", "Take in a disk image, after its digest and its form were checked")
        {
            name, from, sha256, ready, agent, noCloudInit, minRam, replace,
        };
        return On(verb, async (parsed, place, stop) =>
        {
            if (!ByteSize.TryParse(parsed.GetValue(minRam), out var ram, out var error) || ram.Bytes == 0)
            {
                throw new VerbFailure($"--min-ram: {error ?? "it must be more than 0"}", ExitCode.Usage);
            }

            using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(60) };
            var request = new ImageImportRequest
            {
                Name = parsed.GetRequiredValue(name),
                From = parsed.GetRequiredValue(from),
                Sha256 = parsed.GetRequiredValue(sha256),
                ReadyConsole = parsed.GetValue(ready),
                Agent = parsed.GetValue(agent) ? true : null,
                CloudInit = !parsed.GetValue(noCloudInit),
                MinRam = ram,
                Replace = parsed.GetValue(replace),
            };
            var import = new ImageImport(place.Images, place.ImagesDirectory, http);
            var entry = await ImageOutput.CopyingAsync(place.Environment, progress => import.ImportAsync(request, progress, stop));
            await place.Environment.Output.WriteLineAsync($"{entry.Name} {entry.DiskPath}");
        });
    }

    private static Command On(Command command, Func<ParseResult, ImagePlace, CancellationToken, Task> run)
    {
        command.SetAction((parsed, cancellation) => LocalVerb.RunAsync(
            parsed,
            async environment =>
            {
                await run(parsed, ImagePlace.Of(environment), cancellation);
                return ExitCode.Ok;
            },
            wrong => wrong is ImageImportException or ImageCatalogueException or SettingException ? ExitCode.Refused : null,
            cancellation));
        return command;
    }
}
