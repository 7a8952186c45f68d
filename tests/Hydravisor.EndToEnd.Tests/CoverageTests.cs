using System.Reflection;
using Hydravisor.Protocol;

namespace Hydravisor.EndToEnd.Tests;

/// <summary>A message of the catalogue that no test here drives end to end is red.</summary>
public class CoverageTests
{
    private static IEnumerable<(MethodInfo Test, string Type)> Covered =>
        from type in typeof(CoverageTests).Assembly.GetTypes()
        from test in type.GetMethods()
        from covers in test.GetCustomAttributes<CoversAttribute>()
        from wireType in covers.WireTypes
        select (test, wireType);

    [Fact]
    public void Every_message_of_the_catalogue_has_an_end_to_end_test() =>
        Assert.Empty(MessageCatalogue.Client.Select(entry => entry.WireType)
            .Concat(MessageCatalogue.ServerOnly)
            .Except(Covered.Select(covered => covered.Type)));

    [Fact]
    public void Only_tests_cover_and_only_what_is_in_the_catalogue() =>
        Assert.All(Covered, covered =>
        {
            Assert.NotEmpty(covered.Test.GetCustomAttributes<FactAttribute>());
            Assert.Contains(covered.Type, MessageCatalogue.Client.Select(entry => entry.WireType).Concat(MessageCatalogue.ServerOnly));
        });
}
