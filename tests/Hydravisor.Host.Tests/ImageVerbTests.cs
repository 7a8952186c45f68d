using System.Text.Json;
using Hydravisor.Host.Verbs;

namespace Hydravisor.Host.Tests;

public sealed class ImageVerbTests : DataDirectoryTest
{
    private string Images => Path.Combine(DataDirectory, "images");

    public override Task InitializeAsync()
    {
        Run.Variables["HYDRAVISOR_IMAGES"] = Images;
        return base.InitializeAsync();
    }

    [Fact]
    public async Task List_shows_the_catalogue_and_what_is_built()
    {
        Directory.CreateDirectory(Path.Combine(Images, "tiny"));
        File.WriteAllText(Path.Combine(Images, "tiny", "vmlinuz"), "");
        File.WriteAllText(Path.Combine(Images, "tiny", "initrd.img"), "");

        Assert.Equal(ExitCode.Ok, await Run.RunAsync("image", "list"));

        var lines = Run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.StartsWith("NAME", lines[0], StringComparison.Ordinal);
        Assert.Matches(@"^debian-12 +no +recipe debian-12 +disk", lines[1]);
        Assert.Matches(@"^tiny +yes +recipe tiny +kernel", lines[2]);
    }

    [Fact]
    public async Task List_writes_objects_for_programs()
    {
        Assert.Equal(ExitCode.Ok, await Run.RunAsync("image", "list", "-o", "json"));

        using var list = JsonDocument.Parse(Run.Output);
        var debian = list.RootElement[0];
        Assert.Equal("debian-12", debian.GetProperty("name").GetString());
        Assert.False(debian.GetProperty("built").GetBoolean());
        Assert.Equal(Path.Combine(Images, "debian-12", "disk.qcow2"), debian.GetProperty("disk").GetString());
    }

    [Fact]
    public async Task An_import_that_is_refused_says_why_and_ends_with_1()
    {
        var file = Path.Combine(DataDirectory, "disk.img");
        File.WriteAllText(file, "no disk");

        Assert.Equal(ExitCode.Refused, await Run.RunAsync("image", "import", "ubuntu-22.04", "--from", file, "--sha256", new string('0', 64)));

        Assert.Contains($"hydravisor: {file} (7 bytes) has the sha256", Run.Error, StringComparison.Ordinal);
        Assert.Empty(Run.Output);
    }

    [Fact]
    public async Task An_imported_disk_is_listed()
    {
        var file = Path.Combine(DataDirectory, "disk.img");
        var disk = new byte[1024];
        (disk[510], disk[511]) = (0x55, 0xAA);
        File.WriteAllBytes(file, disk);
        var digest = Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(disk));

        Assert.Equal(
            ExitCode.Ok,
            await Run.RunAsync("image", "import", "ubuntu-22.04", "--from", file, "--sha256", digest, "--ready-console", "login:"));

        Assert.StartsWith("ubuntu-22.04 ", Run.Output, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Ok, await Run.RunAsync("image", "list"));
        Assert.Matches(@"ubuntu-22\.04 +yes +imported +disk +512MB +console login:", Run.Output);
    }

    [Fact]
    public async Task An_import_without_a_digest_is_a_wrong_command_line()
    {
        Assert.Equal(ExitCode.Usage, await Run.RunAsync("image", "import", "ubuntu-22.04", "--from", "x"));

        Assert.Contains("--sha256", Run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_size_of_memory_is_a_wrong_command_line()
    {
        Assert.Equal(
            ExitCode.Usage, await Run.RunAsync("image", "import", "a", "--from", "x", "--sha256", new string('0', 64), "--min-ram", "4XB"));

        Assert.Contains("--min-ram", Run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Building_what_has_no_recipe_names_the_recipes()
    {
        Assert.Equal(ExitCode.Usage, await Run.RunAsync("image", "build", "windows"));

        Assert.Contains("debian-12, tiny", Run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Building_runs_the_recipe_and_passes_on_what_it_says()
    {
        await RecipeAsync("echo going; echo wrong >&2; mkdir -p \"$1\"; : >\"$1/vmlinuz\"; : >\"$1/initrd.img\"");

        Assert.Equal(ExitCode.Ok, await Run.RunAsync("image", "build", "tiny"));

        Assert.Contains("going", Run.Error, StringComparison.Ordinal);
        Assert.Contains("wrong", Run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("exit 3", "The recipe tiny failed")]
    [InlineData("true", "are not those that the catalogue names")]
    public async Task A_recipe_that_fails_or_makes_something_else_is_a_failure(string script, string said)
    {
        await RecipeAsync(script);

        Assert.Equal(ExitCode.Refused, await Run.RunAsync("image", "build", "tiny"));

        Assert.Contains(said, Run.Error, StringComparison.Ordinal);
    }

    private async Task RecipeAsync(string script)
    {
        var recipes = Path.Combine(DataDirectory, "recipes");
        Run.Variables["HYDRAVISOR_RECIPES"] = recipes;
        Directory.CreateDirectory(Path.Combine(recipes, "tiny"));
        await File.WriteAllTextAsync(Path.Combine(recipes, "tiny", "build.sh"), script);
    }
}
