using System.Text.RegularExpressions;

namespace Hydravisor.Actors.Hypervisors.Images;

/// <summary>The names that images may have: they are folders, keys of the catalogue, and the <c>os</c> of a <c>vm/create</c>.</summary>
internal static partial class ImageName
{
    /// <summary>What is right, for messages.</summary>
    public const string Rule = "1 to 40 of a-z, 0-9, . and -, beginning with a letter or digit";

    /// <summary>Whether the text is one.</summary>
    public static bool IsRight(string text) => Pattern().IsMatch(text);

    [GeneratedRegex(@"^[a-z0-9][a-z0-9.-]{0,39}\z")]
    private static partial Regex Pattern();
}
