using System.Text.RegularExpressions;
using Hydravisor.Protocol;

namespace Hydravisor.House.Tests;

/// <summary>The documents say what the program does.</summary>
public sealed partial class DocsTests
{
    [Fact]
    public void Every_message_stands_in_the_specification()
    {
        var specification = Tree.Read("mcp.design.md");
        Assert.All(MessageCatalogue.Client, entry => Assert.Contains($"`{entry.WireType}`", specification, StringComparison.Ordinal));
        Assert.All(MessageCatalogue.ServerOnly, type => Assert.Contains($"`{type}`", specification, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("mcp.design.md")]
    [InlineData("docs/errors.md")]
    public void Every_error_code_has_its_row(string document)
    {
        var text = Tree.Read(document);
        Assert.All(Enum.GetValues<ErrorCode>(), code => Assert.Matches($@"(?m)^\| {(int)code}\b", text));
    }

    [Fact]
    public void Every_state_is_explained()
    {
        var text = Tree.Read("docs/lifecycle.md");
        Assert.All(VmPhaseNames.All.Except(["unreachable"]), state => Assert.Contains($"| {state} |", text, StringComparison.Ordinal));
    }

    [Fact]
    public void Links_between_documents_lead_somewhere()
    {
        var documents = Tree.Files("docs", "*.md").Concat(new[] { "README.md", "mcp.design.md", "CONTRIBUTING.md" }.Select(file => Path.Combine(Tree.Root, file)));
        var broken = documents.SelectMany(document => Link().Matches(File.ReadAllText(document))
            .Select(match => match.Groups[1].Value)
            .Where(target => !target.Contains("://", StringComparison.Ordinal) && !target.StartsWith('#'))
            .Select(target => (document, target: target.Split('#')[0]))
            .Where(link => !Path.Exists(Path.Combine(Path.GetDirectoryName(link.document)!, link.target)))
            .Select(link => $"{Tree.Relative(link.document)} -> {link.target}"));
        Assert.Empty(broken);
    }

    [Fact]
    public void Settings_that_the_documents_name_exist()
    {
        var reference = Tree.Read("hocon/reference.conf");
        var named = Tree.Files("docs", "*.md").Append(Path.Combine(Tree.Root, "mcp.design.md"))
            .SelectMany(document => Setting().Matches(File.ReadAllText(document)).Select(match => match.Groups[1].Value))
            .Distinct();
        Assert.All(named, key => Assert.Contains(key, reference, StringComparison.Ordinal));
    }

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"`hydravisor\.[a-z-]+\.([a-z-]+)`")]
    private static partial Regex Setting();
}
