using Hydravisor.Client;
using Hydravisor.Protocol;

namespace Hydravisor.Host.Verbs;

/// <summary>Which VM a person means: an instance id, a name, or the unique beginning of an id.</summary>
internal static class VmTarget
{
    /// <summary>Most VMs that are named where a text may be several.</summary>
    private const int NamedMax = 8;

    /// <summary>
    /// The instance id. A well-formed one that nobody has is let through, for the node to say what it knows of it.
    /// </summary>
    /// <exception cref="VerbFailure">None, or more than one.</exception>
    public static async Task<string> ResolveAsync(HydravisorClient client, string text, CancellationToken cancellation)
    {
        // Ids of new VMs are of one length: such a text can be no shortened one.
        if (InstanceId.IsWellFormed(text) && text.Length == "vm-".Length + Limits.InstanceIdHexDigitsNew)
        {
            return text;
        }

        var states = await client.ListAsync(cancellation: cancellation);
        return Choose(text, states) ?? (InstanceId.IsWellFormed(text) ? text : throw None(text));
    }

    private static string? Choose(string text, IReadOnlyList<VmStateMessage> states)
    {
        if (states.Any(state => state.InstanceId == text))
        {
            return text;
        }

        var matches = Living(states.Where(state => state.Name == text));
        if (matches.Count == 0 && text.StartsWith("vm-", StringComparison.Ordinal))
        {
            matches = Living(states.Where(state => state.InstanceId.StartsWith(text, StringComparison.Ordinal)));
        }

        return matches.Count <= 1
            ? matches.FirstOrDefault()?.InstanceId
            : throw new VerbFailure(
                $"\"{text}\" may be {matches.Count} VMs: {string.Join(", ", matches.Take(NamedMax).Select(Named))}"
                + $"{(matches.Count > NamedMax ? ", …" : "")}. Give more of the id.");
    }

    /// <summary>A name may have been another VM's before; the dead are meant only where nobody else is.</summary>
    private static List<VmStateMessage> Living(IEnumerable<VmStateMessage> matches)
    {
        var all = matches.ToList();
        var living = all.FindAll(state => state.State != VmPhase.Deleted);
        return living.Count > 0 ? living : all;
    }

    private static string Named(VmStateMessage state) =>
        state.Name == state.InstanceId ? state.InstanceId : $"{state.InstanceId} ({state.Name})";

    private static VerbFailure None(string text) =>
        new($"No VM has the name \"{text}\" or an id that begins so. To see all: hydravisor vm list");
}
