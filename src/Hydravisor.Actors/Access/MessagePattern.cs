using System.Diagnostics.CodeAnalysis;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Access;

/// <summary>What a rule says of messages: one wire type, a group (<c>vm/*</c>), or all (<c>*</c>). Immutable.</summary>
internal sealed record MessagePattern
{
    private const string Every = "*";

    private MessagePattern(string text) => Text = text;

    /// <summary>All messages.</summary>
    public static MessagePattern All { get; } = new(Every);

    /// <summary>As it stands in the file.</summary>
    public string Text { get; }

    /// <summary>Whether it names that wire type.</summary>
    public bool Matches(string type) =>
        Text == Every ? type.Length > 0
        : Text.EndsWith("/*", StringComparison.Ordinal) ? type.AsSpan().StartsWith(Text.AsSpan(0, Text.Length - 1), StringComparison.Ordinal)
        : Text == type;

    /// <summary>Reads a pattern; one that names no message of a client is refused, since nobody would notice that it does nothing.</summary>
    /// <param name="text">The text.</param>
    /// <param name="pattern">The pattern.</param>
    /// <param name="problem">What is wrong with the text and what would be right.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out MessagePattern? pattern, [NotNullWhen(false)] out string? problem)
    {
        var parsed = new MessagePattern(text);
        problem = parsed.Matches(MessageTypes.Heartbeat) && text != Every ? $"{text}: heartbeats are answered always and are no matter of policy"
            : MessageCatalogue.ServerOnly.Contains(text) ? $"{text}: only the server sends that type"
            : text == Every || Ruled.Any(parsed.Matches) ? null
            : $"{text}: there is no such message; there are {string.Join(", ", Groups.Concat(Ruled))}, and * for all";
        pattern = problem is null ? parsed : null;
        return problem is null;
    }

    /// <summary>The wire types that a policy decides on.</summary>
    public static IReadOnlyList<string> Ruled { get; } =
        [.. MessageCatalogue.Client.Select(entry => entry.WireType).Where(type => type != MessageTypes.Heartbeat)];

    private static IEnumerable<string> Groups => Ruled.Select(type => type[..(type.IndexOf('/', StringComparison.Ordinal) + 1)] + "*").Distinct();

    /// <inheritdoc/>
    public override string ToString() => Text;
}
