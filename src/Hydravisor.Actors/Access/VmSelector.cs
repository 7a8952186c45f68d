using System.Diagnostics.CodeAnalysis;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Access;

/// <summary>Some of the VMs, as a rule names them. Immutable.</summary>
internal abstract record VmSelector
{
    private const string LabelPrefix = "label:";
    private const string IdPrefix = "id:";

    /// <summary>As it stands in the file.</summary>
    public abstract string Text { get; }

    /// <summary>Whether the VM is one of them.</summary>
    public abstract bool Covers(Principal principal, VmFacts vm);

    /// <summary>Those that the agent made.</summary>
    public sealed record Own : VmSelector
    {
        /// <inheritdoc/>
        public override string Text => "own";

        /// <inheritdoc/>
        public override bool Covers(Principal principal, VmFacts vm) => vm.OwnerAgent == principal.Agent;
    }

    /// <summary>All.</summary>
    public sealed record All : VmSelector
    {
        /// <inheritdoc/>
        public override string Text => "all";

        /// <inheritdoc/>
        public override bool Covers(Principal principal, VmFacts vm) => true;
    }

    /// <summary>Those that bear a label.</summary>
    public sealed record Labelled(string Key, string Value) : VmSelector
    {
        /// <inheritdoc/>
        public override string Text => $"{LabelPrefix}{Key}={Value}";

        /// <inheritdoc/>
        public override bool Covers(Principal principal, VmFacts vm) => Protocol.Label.Bears(vm.Labels, Key, Value);
    }

    /// <summary>One.</summary>
    public sealed record One(InstanceId Id) : VmSelector
    {
        /// <inheritdoc/>
        public override string Text => IdPrefix + Id.Value;

        /// <inheritdoc/>
        public override bool Covers(Principal principal, VmFacts vm) => vm.Id == Id;
    }

    /// <summary>Reads a selector.</summary>
    /// <param name="text">The text.</param>
    /// <param name="selector">The selector.</param>
    /// <param name="problem">What is wrong with the text and what would be right.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out VmSelector? selector, [NotNullWhen(false)] out string? problem)
    {
        (selector, problem) = text switch
        {
            "own" => (new Own(), null),
            "all" => (new All(), null),
            _ when text.StartsWith(LabelPrefix, StringComparison.Ordinal) => Label(text[LabelPrefix.Length..]),
            _ when text.StartsWith(IdPrefix, StringComparison.Ordinal) => OfId(text[IdPrefix.Length..]),
            _ => ((VmSelector?)null, $"{text}: it must be own, all, label:KEY=VALUE or id:vm-…"),
        };
        return problem is null && selector is not null;
    }

    private static (VmSelector? Selector, string? Problem) Label(string pair)
    {
        if (pair.IndexOf('=', StringComparison.Ordinal) is not (>= 0 and var sign))
        {
            return (null, $"{LabelPrefix}{pair}: it must be label:KEY=VALUE, such as label:team=red");
        }

        var (key, value) = (pair[..sign], pair[(sign + 1)..]);
        return (Protocol.Label.CheckKey(key) ?? Protocol.Label.CheckValue(key, value)) is { } problem ? (null, problem) : (new Labelled(key, value), null);
    }

    private static (VmSelector? Selector, string? Problem) OfId(string id) =>
        InstanceId.TryParse(id, out var parsed) ? (new One(parsed), null) : (null, $"{IdPrefix}{id}: {InstanceId.Form}");
}
