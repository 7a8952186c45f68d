using System.Buffers;

namespace Hydravisor.Protocol;

/// <summary>The rule for names of VMs: <c>[a-z0-9][a-z0-9-]{0,39}</c>, so that a name can be a host name.</summary>
public static class VmName
{
    private static readonly SearchValues<char> Allowed = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");

    /// <summary>What is wrong with the name, as a sentence for the caller; <see langword="null"/> if nothing.</summary>
    public static string? Check(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        const string rule = "a name is 1 to 40 of a-z, 0-9 and -, and does not begin with -";
        return name.Length switch
        {
            0 => $"name is empty; {rule}",
            > Limits.NameCharsMax => $"name {Quote.Of(name)} has {name.Length} characters; {rule}",
            _ when name[0] == '-' || name.AsSpan().ContainsAnyExcept(Allowed) =>
                $"name {Quote.Of(name)} is not possible; {rule}",
            _ => null,
        };
    }
}
