using System.Buffers;

namespace Hydravisor.Protocol;

/// <summary>The rules for labels, with which agents and operators mark VMs to find them again.</summary>
public static class Label
{
    private const string KeyRule =
        "a label's key is 1 to 63 of A-Z, a-z, 0-9, '.', '_', '/' and '-', and begins with a letter or a digit";

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/-");

    /// <summary>What is wrong with the key, as a sentence for the caller; <see langword="null"/> if nothing.</summary>
    public static string? CheckKey(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        var good = key.Length is > 0 and <= Limits.LabelKeyCharsMax
            && char.IsAsciiLetterOrDigit(key[0])
            && !key.AsSpan().ContainsAnyExcept(Allowed);
        return good ? null : $"label key {Quote.Of(key)} is not possible; {KeyRule}";
    }

    /// <summary>What is wrong with the value, as a sentence for the caller; <see langword="null"/> if nothing.</summary>
    public static string? CheckValue(string key, string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return value.Length > Limits.LabelValueCharsMax || value.Any(char.IsControl)
            ? $"the value of label {Quote.Of(key)} is not possible; "
                + $"it is up to {Limits.LabelValueCharsMax} characters without control characters"
            : null;
    }

    /// <summary>Whether a set of labels has all of those that are wanted, with their values.</summary>
    public static bool Bears(IReadOnlyDictionary<string, string> labels, IReadOnlyDictionary<string, string> wanted)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        return wanted.All(label => Bears(labels, label.Key, label.Value));
    }

    /// <summary>Whether a set of labels has one, with its value.</summary>
    public static bool Bears(IReadOnlyDictionary<string, string> labels, string key, string value)
    {
        ArgumentNullException.ThrowIfNull(labels);
        return labels.TryGetValue(key, out var given) && given == value;
    }

    /// <summary>What is wrong with a set of labels, as a sentence for the caller; <see langword="null"/> if nothing.</summary>
    public static string? Check(IReadOnlyDictionary<string, string> labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        return labels.Count > Limits.LabelsMax
            ? $"there are {labels.Count} labels; a VM has at most {Limits.LabelsMax}"
            : labels.Select(label => CheckKey(label.Key) ?? CheckValue(label.Key, label.Value))
                .FirstOrDefault(fault => fault is not null);
    }
}
