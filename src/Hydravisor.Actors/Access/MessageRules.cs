namespace Hydravisor.Actors.Access;

/// <summary>A list of patterns with the names of its elements. Immutable.</summary>
/// <param name="id">The place of the list in the file, such as <c>roles.sandboxed.allow</c>.</param>
/// <param name="patterns">The list.</param>
internal sealed class MessageRules(string id, IReadOnlyList<MessagePattern> patterns)
{
    private readonly string[] _ruleIds = RuleIds.Of(id, patterns.Count);

    /// <summary>The id of the first rule that names the type, such as <c>roles.sandboxed.allow[3]</c>; null where none does.</summary>
    public string? RuleFor(string type)
    {
        for (var at = 0; at < patterns.Count; at++)
        {
            if (patterns[at].Matches(type))
            {
                return _ruleIds[at];
            }
        }

        return null;
    }
}
