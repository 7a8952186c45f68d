using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Hydravisor.House.Tests;

/// <summary>Holds the import tables of docs/architecture.md.</summary>
public sealed partial class ArchitectureTests
{
    private static readonly Dictionary<string, string[]> ProjectImports = new()
    {
        ["Hydravisor.Protocol"] = [],
        ["Hydravisor.Libvirt"] = [],
        ["Hydravisor.Client"] = ["Hydravisor.Protocol"],
        ["Hydravisor.Actors"] = ["Hydravisor.Libvirt", "Hydravisor.Protocol"],
        ["Hydravisor.Host"] = ["Hydravisor.Actors", "Hydravisor.Client"],
    };

    // From the top: a folder imports only folders above it.
    private static readonly string[] Rooms =
    [
        "Files", "Journal", "Access", "Feeds", "Hypervisors", "Terminals", "Logs", "Recordings", "Vms", "Hosts", "Audit", "Cluster", "Sessions",
        "Gateway", "Serialization", "Setup",
    ];

    [Fact]
    public void Projects_import_only_what_the_table_says()
    {
        var found = Tree.Files("src", "*.csproj").ToDictionary(
            file => Path.GetFileNameWithoutExtension(file),
            file => XDocument.Load(file).Descendants("ProjectReference")
                .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value)).Order().ToArray());
        Assert.Equal(ProjectImports.Keys.Order(), found.Keys.Order());
        Assert.All(found, project => Assert.Equal(ProjectImports[project.Key], project.Value));
    }

    [Theory]
    [InlineData("Hydravisor.Protocol")]
    [InlineData("Hydravisor.Libvirt")]
    [InlineData("Hydravisor.Client")]
    public void The_lower_projects_need_no_package(string project) =>
        Assert.DoesNotContain("PackageReference", Tree.Read($"src/{project}/{project}.csproj"), StringComparison.Ordinal);

    [Fact]
    public void Folders_of_the_actors_import_only_folders_above_them()
    {
        var wrong = new List<string>();
        foreach (var file in Tree.Sources("src/Hydravisor.Actors"))
        {
            var room = Tree.Relative(file).Split('/')[2];
            var place = Array.IndexOf(Rooms, room);
            Assert.True(place >= 0, $"{Tree.Relative(file)} stands in a room that the table does not have.");
            wrong.AddRange(Imports().Matches(File.ReadAllText(file))
                .Select(match => match.Groups[1].Value)
                .Where(imported => Array.IndexOf(Rooms, imported) > place)
                .Select(imported => $"{Tree.Relative(file)} imports {imported}"));
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public void The_table_of_rooms_in_the_docs_is_this_one()
    {
        var documented = TableRow().Matches(Tree.Read("docs/architecture.md")).Select(match => match.Groups[1].Value);
        Assert.Equal(Rooms, documented);
    }

    [Fact]
    public void Only_the_gatekeepers_room_makes_something_authorised() =>
        Assert.Empty(Tree.Sources("src/Hydravisor.Actors")
            .Where(file => !Tree.Relative(file).Contains("/Access/", StringComparison.Ordinal) && File.ReadAllText(file).Contains(">.Allowed(", StringComparison.Ordinal))
            .Select(Tree.Relative));

    [Fact]
    public void Nothing_but_the_libvirt_form_sees_libvirt() =>
        Assert.Empty(Tree.Sources("src/Hydravisor.Actors")
            .Where(file => !Tree.Relative(file).Contains("/Hypervisors/Libvirt/", StringComparison.Ordinal)
                && !Tree.Relative(file).Contains("/Setup/", StringComparison.Ordinal)
                && File.ReadAllText(file).Contains("using Hydravisor.Libvirt", StringComparison.Ordinal))
            .Select(Tree.Relative));

    [Fact]
    public void Namespaces_follow_folders()
    {
        var wrong = Tree.Sources("src").Where(file =>
        {
            var declared = Namespace().Match(File.ReadAllText(file));
            var parts = Tree.Relative(file).Split('/');
            // Protocol and Libvirt are read by others: their folders are for finding, not for naming.
            return declared.Success && parts[1] is "Hydravisor.Actors" && declared.Groups[1].Value != string.Join('.', parts[1..^1]);
        });
        Assert.Empty(wrong.Select(Tree.Relative));
    }

    [GeneratedRegex(@"Hydravisor\.Actors\.(\w+)")]
    private static partial Regex Imports();

    [GeneratedRegex(@"^\| `(\w+)/`(?:, `\w+/`)? \|", RegexOptions.Multiline)]
    private static partial Regex TableRow();

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Namespace();
}
