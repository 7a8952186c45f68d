using System.Globalization;

namespace Hydravisor.Actors.Access;

/// <summary>Names of rules, which are their places in the file. Pure.</summary>
internal static class RuleIds
{
    /// <summary>The names of the elements of a list.</summary>
    public static string[] Of(string list, int count) =>
        [.. Enumerable.Range(0, count).Select(at => string.Create(CultureInfo.InvariantCulture, $"{list}[{at}]"))];
}
