using System.Collections.Immutable;
using System.Globalization;

namespace Hydravisor.Actors.Cluster;

/// <summary>The nodes of the cluster as this one sees them now. Safe for all threads; written by one.</summary>
/// <param name="self">This node's name.</param>
internal sealed class Members(string self)
{
    /// <summary>Why a node that does not belong yet changes nothing.</summary>
    public const string NotJoined = "this node has not joined its cluster yet";

    private const string RolePrefix = "node-";
    private const string EpochPrefix = "epoch-";
    private volatile ImmutableSortedDictionary<string, Member> _byName = ImmutableSortedDictionary.Create<string, Member>(StringComparer.Ordinal);

    /// <summary>This node's name.</summary>
    public string Self => self;

    /// <summary>All that are known, by name.</summary>
    public ImmutableSortedDictionary<string, Member> ByName => _byName;

    /// <summary>Whether a node belongs, and can be asked.</summary>
    public bool IsThere(string node) => _byName.GetValueOrDefault(node) is { IsThere: true };

    /// <summary>Why nothing may be changed here now: this node sees too few of the others to be sure that they have not gone on without it. Null: it may.</summary>
    public string? Refusal
    {
        get
        {
            var all = _byName.Values.Where(member => member.Standing is not MemberStanding.Joining).ToList();
            if (all.Find(member => member.Name == self) is not { Standing: MemberStanding.Up or MemberStanding.Leaving })
            {
                return NotJoined;
            }

            var seen = all.Count(member => member.IsReachable);
            return 2 * seen > all.Count || HoldsHalf(all, seen)
                ? null
                : $"this node sees {seen} of the {all.Count} nodes of its cluster, and the others may have gone on without it";
        }
    }

    /// <summary>The role that bears a node's name.</summary>
    public static string RoleOf(string node) => RolePrefix + node;

    /// <summary>The name in a member's roles; empty where there is none.</summary>
    public static string NameIn(IEnumerable<string> roles) => After(RolePrefix, roles);

    /// <summary>The role that bears the epoch in which a process is its node.</summary>
    public static string RoleOf(long epoch) => string.Create(CultureInfo.InvariantCulture, $"{EpochPrefix}{epoch}");

    /// <summary>The epoch in a member's roles; 0 where there is none.</summary>
    public static long EpochIn(IEnumerable<string> roles) => long.TryParse(After(EpochPrefix, roles), NumberStyles.None, CultureInfo.InvariantCulture, out var epoch) ? epoch : 0;

    /// <summary>Another picture.</summary>
    internal void Set(ImmutableSortedDictionary<string, Member> byName) => _byName = byName;

    private static string After(string prefix, IEnumerable<string> roles) => roles.FirstOrDefault(role => role.StartsWith(prefix, StringComparison.Ordinal))?[prefix.Length..] ?? "";

    // Of two halves the one with the lowest address goes on, as the resolver decides (keep-majority).
    private static bool HoldsHalf(List<Member> all, int seen) =>
        2 * seen == all.Count && all.MinBy(member => (member.Address.Host, member.Address.Port)) is { IsReachable: true };
}
