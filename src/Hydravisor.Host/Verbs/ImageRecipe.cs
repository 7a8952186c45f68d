using System.Diagnostics;

namespace Hydravisor.Host.Verbs;

/// <summary>Runs the script that builds an image.</summary>
internal static class ImageRecipe
{
    /// <summary>Runs the recipe; its output goes to stderr.</summary>
    /// <exception cref="VerbFailure">There is none on this machine, or it failed.</exception>
    public static async Task RunAsync(string recipe, ImagePlace place, CancellationToken stop)
    {
        var script = Path.Combine(Folder(place.Environment), recipe, "build.sh");
        if (!File.Exists(script))
        {
            throw new VerbFailure($"The recipe {script} is not there.");
        }

        var start = new ProcessStartInfo("bash", [script, Path.Combine(place.ImagesDirectory, recipe)])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        using var process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => Pass(line.Data, place.Environment);
        process.ErrorDataReceived += (_, line) => Pass(line.Data, place.Environment);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        try
        {
            await process.WaitForExitAsync(stop);
        }
        finally
        {
            // A recipe that is told to end clears up behind itself; Ctrl-C tells it too, since it is of our terminal.
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }

        if (process.ExitCode != 0)
        {
            throw new VerbFailure($"The recipe {recipe} failed: what it says stands above.");
        }
    }

    /// <summary>The folder <c>images</c> of the checkout that the program was built in, or what HYDRAVISOR_RECIPES says.</summary>
    private static string Folder(VerbEnvironment environment)
    {
        if (environment.Variable("HYDRAVISOR_RECIPES") is { Length: > 0 } said)
        {
            return Path.GetFullPath(said);
        }

        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var recipes = Path.Combine(folder.FullName, "images");
            if (File.Exists(Path.Combine(recipes, "recipe.sh")))
            {
                return recipes;
            }
        }

        throw new VerbFailure(
            "The recipes are not beside this program. Run it from a checkout (scripts/hydravisor), "
            + "or set HYDRAVISOR_RECIPES to the folder images of one.");
    }

    private static void Pass(string? line, VerbEnvironment environment)
    {
        if (line is not null)
        {
            lock (environment)
            {
                environment.Error.WriteLine(line);
            }
        }
    }
}
