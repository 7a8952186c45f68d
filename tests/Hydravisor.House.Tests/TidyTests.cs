using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Hydravisor.House.Tests;

/// <summary>What a reader would trip over. The list of exceptions may only shrink.</summary>
public sealed partial class TidyTests
{
    private const int FileLinesMax = 400;
    private const int MethodLinesMax = 60;

    [Fact]
    public void No_file_is_over_400_lines() =>
        AssertOnlyExcepted("file", Tree.Sources("src").Concat(Tree.Sources("tests")).Concat(Tree.Sources("bench"))
            .Where(file => File.ReadLines(file).Count() > FileLinesMax).Select(Tree.Relative));

    [Fact]
    public void No_method_is_over_60_lines() =>
        AssertOnlyExcepted("method", Tree.Sources("src").SelectMany(LongMethods));

    [Fact]
    public void Nothing_is_left_over()
    {
        var found = Tree.Sources("src").Concat(Tree.Files("scripts", "*")).Concat(Tree.Files("images", "*.sh")).Concat(Tree.Files("hocon", "*"))
            .SelectMany(file => File.ReadLines(file).Select((line, index) => (Line: line, Place: $"{Tree.Relative(file)}:{index + 1}")))
            .Where(line => Leftover().IsMatch(line.Line))
            .Select(line => $"{line.Place}: {line.Line.Trim()}");
        Assert.Empty(found);
    }

    [Fact]
    public void No_test_is_skipped_or_waits_for_time()
    {
        var found = Tree.Sources("tests")
            .Where(file => Path.GetFileName(file) != "TidyTests.cs")
            .SelectMany(file => File.ReadLines(file).Select((line, index) => (Line: line, Place: $"{Tree.Relative(file)}:{index + 1}")))
            .Where(line => HidingTest().IsMatch(line.Line))
            .Select(line => $"{line.Place}: {line.Line.Trim()}");
        Assert.Empty(found);
    }

    [Fact]
    public void No_file_names_a_machine_or_a_registry()
    {
        var found = new[] { "src", "tests", "bench", "scripts", "images", "hocon", "docs", "eng" }
            .Where(folder => Directory.Exists(Path.Combine(Tree.Root, folder)))
            .SelectMany(folder => Tree.Files(folder, "*"))
            .Concat(["README.md", "mcp.design.md", "CHANGELOG.md", "CONTRIBUTING.md", "Directory.Packages.props", "Directory.Build.props"])
            .Where(file => Path.GetFileName(file) != "TidyTests.cs")
            .Where(file => PlaceName().IsMatch(File.ReadAllText(Path.Combine(Tree.Root, file))))
            .Select(file => Tree.Relative(Path.Combine(Tree.Root, file)));
        Assert.Empty(found);
    }

    private static IEnumerable<string> LongMethods(string file) =>
        CSharpSyntaxTree.ParseText(File.ReadAllText(file)).GetRoot().DescendantNodes()
            .Where(node => node is BaseMethodDeclarationSyntax or LocalFunctionStatementSyntax or AccessorDeclarationSyntax)
            .Where(node => node.GetLocation().GetLineSpan() is var span && span.EndLinePosition.Line - span.StartLinePosition.Line + 1 > MethodLinesMax)
            .Select(node => $"{Tree.Relative(file)}:{NameOf(node)}");

    private static string NameOf(Microsoft.CodeAnalysis.SyntaxNode node) => node switch
    {
        MethodDeclarationSyntax method => method.Identifier.Text,
        LocalFunctionStatementSyntax function => function.Identifier.Text,
        ConstructorDeclarationSyntax constructor => constructor.Identifier.Text,
        _ => node.Kind().ToString(),
    };

    private static void AssertOnlyExcepted(string kind, IEnumerable<string> found)
    {
        var excepted = File.ReadLines(Path.Combine(AppContext.BaseDirectory, "tidy-exceptions.txt"))
            .Where(line => line.StartsWith(kind + " ", StringComparison.Ordinal)).Select(line => line[(kind.Length + 1)..]).Order();
        Assert.Equal(excepted, found.Order());
    }

    [GeneratedRegex(@"\b(TODO|FIXME|XXX|HACK)\b|NotImplementedException|Debugger\.(Launch|Break)")]
    private static partial Regex Leftover();

    [GeneratedRegex(@"\bSkip\s*=|Thread\.Sleep|Assert\.True\(true\)")]
    private static partial Regex HidingTest();

    [GeneratedRegex(@"/work/|nuget\.org|deb\.debian\.org|npmjs", RegexOptions.IgnoreCase)]
    private static partial Regex PlaceName();
}
