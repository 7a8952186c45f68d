using System.Collections.Immutable;

namespace Hydravisor.Actors.Terminals.Sharing;

/// <summary>An operator who streams a terminal, as the question whose size counts sees one.</summary>
/// <param name="Viewer">Which viewer.</param>
/// <param name="Wish">The size it would like; null: any.</param>
/// <param name="Typed">A number that grows with each typing; 0: never typed.</param>
internal readonly record struct SizeClaim(long Viewer, (int Cols, int Rows)? Wish, long Typed);

/// <summary>What follows for the terminal's size.</summary>
internal enum SizeAction
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>It gets <see cref="SizeOwnership.Size"/>.</summary>
    Resize,

    /// <summary>It goes back to the people who are attached on the node itself.</summary>
    Release,
}

/// <summary>Whose size a terminal has: that of the operator who typed last. A value; each event gives the next one and what is to be done.</summary>
internal sealed record SizeOwnership
{
    /// <summary>Nobody's.</summary>
    public static SizeOwnership Nobodys { get; } = new();

    /// <summary>The operators.</summary>
    public ImmutableList<SizeClaim> Claims { get; private init; } = [];

    /// <summary>The viewer whose size counts; null: none of ours.</summary>
    public long? Owner { get; private init; }

    /// <summary>Whether people on the node itself were active after all of ours.</summary>
    public bool LocalsOwn { get; private init; }

    /// <summary>The size that was given; null: none of ours.</summary>
    public (int Cols, int Rows)? Size { get; private init; }

    /// <summary>When the owner typed or wished last.</summary>
    public DateTimeOffset ActiveAt { get; private init; }

    /// <summary>An operator would like a size. It gets it where it owns the size, or nobody does.</summary>
    public (SizeOwnership Next, SizeAction Action) Wished(long viewer, (int Cols, int Rows)? wish, DateTimeOffset now)
    {
        var next = this with { Claims = With(viewer, claim => claim with { Wish = wish }) };
        return Owner == viewer || (Owner is null && !LocalsOwn && wish is not null) ? (next with { Owner = viewer, ActiveAt = now }).Applied() : (next, SizeAction.None);
    }

    /// <summary>An operator typed: it owns the size now.</summary>
    public (SizeOwnership Next, SizeAction Action) Typed(long viewer, DateTimeOffset now)
    {
        var count = Claims.Select(claim => claim.Typed).DefaultIfEmpty(0).Max() + 1;
        return (this with { Claims = With(viewer, claim => claim with { Typed = count }), Owner = viewer, LocalsOwn = false, ActiveAt = now }).Applied();
    }

    /// <summary>An operator left. What it owned goes to the one of the others who typed last.</summary>
    public (SizeOwnership Next, SizeAction Action) Left(long viewer)
    {
        var next = this with { Claims = Claims.RemoveAll(claim => claim.Viewer == viewer) };
        if (Owner != viewer)
        {
            return (next, SizeAction.None);
        }

        var heirs = next.Claims.Where(claim => claim.Typed > 0).OrderByDescending(claim => claim.Typed).ToList();
        return heirs.Count > 0 ? (next with { Owner = heirs[0].Viewer }).Applied() : (next with { Owner = null, Size = null }, Size is null ? SizeAction.None : SizeAction.Release);
    }

    /// <summary>When people on the node itself were active last, in whole seconds; null: nobody is there.</summary>
    public (SizeOwnership Next, SizeAction Action) Locals(DateTimeOffset? lastActive) =>
        Owner is not null && lastActive is { } last && last.ToUnixTimeSeconds() > ActiveAt.ToUnixTimeSeconds()
            ? (this with { Owner = null, LocalsOwn = true, Size = null }, SizeAction.Release)
            : (this, SizeAction.None);

    /// <summary>The terminal is another one, with a size of its own.</summary>
    public (SizeOwnership Next, SizeAction Action) Renewed() => (this with { Size = null }).Applied();

    private (SizeOwnership Next, SizeAction Action) Applied()
    {
        var wish = Claims.Find(claim => claim.Viewer == Owner).Wish;
        return Owner is null || wish is null || wish == Size ? (this, SizeAction.None) : (this with { Size = wish }, SizeAction.Resize);
    }

    private ImmutableList<SizeClaim> With(long viewer, Func<SizeClaim, SizeClaim> change)
    {
        var at = Claims.FindIndex(claim => claim.Viewer == viewer);
        return at < 0 ? Claims.Add(change(new SizeClaim(viewer, null, 0))) : Claims.SetItem(at, change(Claims[at]));
    }
}
