using CsCheck;
using Hydravisor.Actors.Terminals.Sharing;

namespace Hydravisor.Actors.Tests.Terminals.Sharing;

public sealed class SizeOwnershipTests
{
    private static readonly DateTimeOffset Now = Samples.Noon;

    [Fact]
    public void The_first_who_wishes_gets_its_size_and_another_only_when_it_types()
    {
        var (one, first) = SizeOwnership.Nobodys.Wished(1, (100, 30), Now);
        Assert.Equal((SizeAction.Resize, (100, 30)), (first, one.Size));
        var (two, second) = one.Wished(2, (80, 25), Now);
        Assert.Equal(SizeAction.None, second);
        var (three, third) = two.Typed(2, Now);
        Assert.Equal((SizeAction.Resize, (80, 25)), (third, three.Size));
        Assert.Equal(SizeAction.None, three.Typed(2, Now).Action);
    }

    [Fact]
    public void What_the_owner_leaves_goes_to_the_one_who_typed_before_and_at_last_to_the_node()
    {
        var sizes = SizeOwnership.Nobodys.Wished(1, (100, 30), Now).Next.Typed(1, Now).Next.Wished(2, (80, 25), Now).Next.Typed(2, Now).Next;
        var (left, heir) = sizes.Left(2);
        Assert.Equal((SizeAction.Resize, (100, 30)), (heir, left.Size));
        Assert.Equal(SizeAction.Release, left.Left(1).Action);
    }

    [Fact]
    public void People_on_the_node_get_it_back_when_they_are_active_later_and_lose_it_to_who_types()
    {
        var sizes = SizeOwnership.Nobodys.Wished(1, (100, 30), Now).Next;
        Assert.Equal(SizeAction.None, sizes.Locals(Now).Action);
        Assert.Equal(SizeAction.None, sizes.Locals(null).Action);
        var (released, action) = sizes.Locals(Now.AddSeconds(1));
        Assert.Equal(SizeAction.Release, action);
        Assert.Equal(SizeAction.None, released.Wished(1, (90, 20), Now).Action);
        Assert.Equal(SizeAction.Resize, released.Typed(1, Now.AddSeconds(2)).Action);
    }

    [Fact]
    public void Whatever_happens_the_size_that_was_given_last_is_the_wish_of_the_owner_or_nobodys() =>
        Gen.Int[0, 4].Select(Gen.Int[1, 3], Gen.Int[1, 3]).List[0, 30].Sample(events =>
        {
            var (sizes, given, now) = (SizeOwnership.Nobodys, ((int, int)?)null, Now);
            foreach (var (kind, viewer, size) in events)
            {
                now = now.AddSeconds(1);
                var (next, action) = kind switch
                {
                    0 => sizes.Wished(viewer, (size * 10, size), now),
                    1 => sizes.Typed(viewer, now),
                    2 => sizes.Left(viewer),
                    3 => sizes.Locals(now),
                    _ => sizes.Renewed(),
                };
                given = action == SizeAction.Resize ? next.Size : action == SizeAction.Release || kind == 4 ? action == SizeAction.Resize ? next.Size : null : given;
                sizes = next;
                Assert.Equal(given, sizes.Size);
                Assert.True(sizes.Owner is null || sizes.Claims.Exists(claim => claim.Viewer == sizes.Owner));
                var wish = sizes.Claims.Find(claim => claim.Viewer == sizes.Owner).Wish;
                Assert.True(sizes.Owner is null || wish is null || wish == sizes.Size);
            }
        });
}
