using CsCheck;
using Hydravisor.Actors.Access.Replay;

namespace Hydravisor.Actors.Tests.Access;

/// <summary>Numbers of nonces are found for as long as their stretch is remembered.</summary>
public sealed class NonceIndexTests
{
    private const long First = 1_800_000_000 / StretchMarks.Seconds * StretchMarks.Seconds;

    [Fact]
    public void Whatever_is_added_and_forgotten_all_that_is_remembered_is_found()
    {
        // Also numbers that all belong into one place, which only chance or malice brings.
        var numbers = Gen.OneOf(Gen.ULong[1, ulong.MaxValue], Gen.Int[1, 5_000].Select(number => (ulong)number << 20), Gen.Int[1, 40].Select(number => (ulong)number));
        Gen.Select(numbers.Array[0, 4_000], Gen.Int[0, 300]).Array[1, 8].Sample(
            stretches =>
            {
                using var index = new NonceIndex();
                var known = new Dictionary<ulong, long>();
                var start = First;
                foreach (var (added, passes) in stretches)
                {
                    start += passes * StretchMarks.Seconds;
                    var oldest = start - (5 * StretchMarks.Seconds);
                    foreach (var old in known.Where(pair => pair.Value < oldest).Select(pair => pair.Key).ToList())
                    {
                        known.Remove(old);
                    }

                    index.Remember(known.Values.Append(start).Distinct());
                    foreach (var number in added)
                    {
                        if (!index.Contains(number))
                        {
                            Assert.False(known.ContainsKey(number));
                            index.Add(number, start);
                            known[number] = start;
                        }
                    }

                    Assert.All(known.Keys, number => Assert.True(index.Contains(number)));
                }
            },
            iter: 30);
    }

    [Fact]
    public void What_no_one_added_is_not_found()
    {
        using var index = new NonceIndex();
        index.Remember([First]);
        var random = new Random(7);
        var added = Enumerable.Range(0, 200_000).Select(_ => (ulong)random.NextInt64()).ToHashSet();
        foreach (var number in added)
        {
            Assert.False(index.Contains(number));
            index.Add(number, First);
        }

        Assert.All(Enumerable.Range(0, 200_000).Select(_ => (ulong)random.NextInt64()).Where(number => !added.Contains(number)), number => Assert.False(index.Contains(number)));
        index.Remember([First + StretchMarks.Seconds]);
        Assert.All(added, number => Assert.False(index.Contains(number)));
    }
}
