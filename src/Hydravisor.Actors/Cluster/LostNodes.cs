using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Cluster;

/// <summary>The nodes that do not answer, and since when. Not thread-safe: the directory's own.</summary>
internal sealed class LostNodes
{
    private readonly Dictionary<string, DateTimeOffset> _since = new(StringComparer.Ordinal);

    /// <summary>All of them.</summary>
    public IReadOnlyDictionary<string, DateTimeOffset> All => new Dictionary<string, DateTimeOffset>(_since, StringComparer.Ordinal);

    /// <summary>A VM as it is to be shown while nobody can ask its node how it is.</summary>
    /// <param name="view">As the store has it.</param>
    /// <param name="since">Since when.</param>
    public static VmView Show(VmView view, DateTimeOffset since) => view with { Phase = VmPhase.Unreachable, Since = since, Reason = Member.Lost(view.Node) };

    /// <summary>Since when a node does not answer; null: it does, as far as is known.</summary>
    public DateTimeOffset? Since(string node) => _since.TryGetValue(node, out var since) ? since : null;

    /// <summary>A node does not answer.</summary>
    /// <returns>False: that is known.</returns>
    public bool Lose(string node, DateTimeOffset since) => _since.TryAdd(node, since);

    /// <summary>A node answers again.</summary>
    /// <returns>Since when it did not; null: it was not lost.</returns>
    public DateTimeOffset? Return(string node) => _since.Remove(node, out var since) ? since : null;
}
