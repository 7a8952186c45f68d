using System.Globalization;
using CsCheck;
using Hydravisor.Actors.Access.Replay;
using Hydravisor.Actors.Tests.Recordings;

namespace Hydravisor.Actors.Tests.Access;

/// <summary>Nonces are good once.</summary>
public sealed class ReplayGuardTests : IDisposable
{
    private const string Agent = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    private const string Other = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
    private const string Nonce = "0123456789abcdef";
    private readonly TemporaryDirectory _directory = new();
    private readonly SetTime _time = new();

    private DateTimeOffset Now => _time.GetUtcNow();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_nonce_is_good_once_for_each_agent()
    {
        using var guard = Open();
        Assert.Equal(ReplayVerdict.Fresh, guard.Admit(Agent, Nonce, Now));
        Assert.Equal(ReplayVerdict.Replayed, guard.Admit(Agent, Nonce, Now));
        Assert.Equal(ReplayVerdict.Fresh, guard.Admit(Other, Nonce, Now));
        Assert.Equal(ReplayVerdict.Fresh, guard.Admit(Agent, Nonce + "x", Now));
    }

    [Fact]
    public void A_message_is_as_old_or_as_early_as_the_skew_and_no_more()
    {
        using var guard = Open();
        Assert.Equal(ReplayVerdict.Fresh, guard.Admit(Agent, Nonce + "1", Now.AddSeconds(-60)));
        Assert.Equal(ReplayVerdict.Fresh, guard.Admit(Agent, Nonce + "2", Now.AddSeconds(60)));
        Assert.Equal(ReplayVerdict.Stale, guard.Admit(Agent, Nonce + "3", Now.AddSeconds(-60.001)));
        Assert.Equal(ReplayVerdict.Stale, guard.Admit(Agent, Nonce + "4", Now.AddSeconds(60.001)));
    }

    [Fact]
    public void What_a_killed_node_let_pass_is_not_let_pass_again()
    {
        // Not disposed of: a killed process does not do that either.
        Assert.Equal(ReplayVerdict.Fresh, Open().Admit(Agent, Nonce, Now));
        using var guard = Open();
        Assert.Equal(ReplayVerdict.Replayed, guard.Admit(Agent, Nonce, Now));
        Assert.Equal(ReplayVerdict.Fresh, guard.Admit(Agent, Nonce + "x", Now));
    }

    [Fact]
    public void After_another_boot_nothing_from_before_it_is_let_pass()
    {
        Open().Dispose();
        var before = Now;
        _time.Advance(TimeSpan.FromSeconds(5));
        using var guard = Open(boot: "second");
        Assert.Equal(ReplayVerdict.Stale, guard.Admit(Agent, Nonce, before));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(ReplayVerdict.Fresh, guard.Admit(Agent, Nonce, Now));
    }

    [Fact]
    public void What_is_forgotten_is_not_let_pass_where_the_clock_is_set_back()
    {
        var sent = Now;
        using (var guard = Open())
        {
            Assert.Equal(ReplayVerdict.Fresh, guard.Admit(Agent, Nonce, sent));
            _time.Advance(TimeSpan.FromMinutes(5));
            Assert.Equal(ReplayVerdict.Fresh, guard.Admit(Agent, Nonce, Now));
            Assert.Single(Directory.GetFiles(_directory.Path, "*.nonces"));
        }

        _time.WallOff = TimeSpan.FromMinutes(-5);
        using var again = Open();
        Assert.Equal(ReplayVerdict.Stale, again.Admit(Agent, Nonce, sent));
    }

    [Fact]
    public void More_than_is_remembered_is_refused_until_some_is_too_old()
    {
        using var guard = Open(max: 3);
        foreach (var number in (int[])[1, 2, 3])
        {
            Assert.Equal(ReplayVerdict.Fresh, guard.Admit(Agent, Nonce + number.ToString(CultureInfo.InvariantCulture), Now));
        }

        Assert.Equal(ReplayVerdict.Full, guard.Admit(Agent, Nonce, Now));
        _time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(ReplayVerdict.Fresh, guard.Admit(Agent, Nonce, Now));
    }

    [Fact]
    public void A_hundred_thousand_at_once_are_all_told_apart_also_after_a_restart()
    {
        var guard = Open();
        for (var number = 0; number < 100_000; number++)
        {
            Assert.Equal(ReplayVerdict.Fresh, guard.Admit(Agent, NonceOf(number), Now));
        }

        guard.Dispose();
        guard = Open();
        for (var number = 0; number < 100_000; number += 7)
        {
            Assert.Equal(ReplayVerdict.Replayed, guard.Admit(Agent, NonceOf(number), Now));
        }

        guard.Dispose();
    }

    [Fact]
    public void A_node_that_is_killed_when_its_next_file_was_made_lets_nothing_pass_again()
    {
        var count = 0;
        string[] Files() => Directory.GetFiles(_directory.Path, "*.nonces");
        var guard = Open();
        do
        {
            Assert.Equal(ReplayVerdict.Fresh, guard.Admit(Agent, NonceOf(count++), Now));
        }
        while (Files().Length == 1);

        // The moment when the next one was made and nothing was in it: the last nonce was not let pass then.
        guard.Dispose();
        var next = Files().MaxBy(file => new FileInfo(file).Length)!;
        File.WriteAllBytes(next, new byte[new FileInfo(next).Length]);
        guard = Open();
        foreach (var number in Enumerable.Range(0, count - 1))
        {
            Assert.Equal(ReplayVerdict.Replayed, guard.Admit(Agent, NonceOf(number), Now));
        }

        // It goes on from there.
        foreach (var number in Enumerable.Range(count, 150_000))
        {
            Assert.Equal(ReplayVerdict.Fresh, guard.Admit(Agent, NonceOf(number), Now));
        }

        guard.Dispose();
        guard = Open();
        Assert.All(
            Enumerable.Range(0, count - 1).Concat(Enumerable.Range(count, 150_000)),
            number => Assert.Equal(ReplayVerdict.Replayed, guard.Admit(Agent, NonceOf(number), Now)));
        guard.Dispose();
    }

    [Fact]
    public void What_is_forgotten_gives_its_files_and_its_room_to_what_comes()
    {
        // Two hours and more: marks of stretches come again.
        using var guard = Open(max: 5_000);
        for (var round = 0; round < 600; round++)
        {
            for (var number = 0; number < 300; number++)
            {
                Assert.Equal(ReplayVerdict.Fresh, guard.Admit(Agent, NonceOf((round * 300) + number), Now));
            }

            Assert.All(Enumerable.Range(Math.Max(0, round - 1) * 300, 300), number => Assert.Equal(ReplayVerdict.Replayed, guard.Admit(Agent, NonceOf(number), Now)));
            Assert.InRange(Directory.GetFiles(_directory.Path, "*.nonces").Length, 1, 10);
            _time.Advance(TimeSpan.FromSeconds(15));
        }
    }

    [Fact]
    public void A_nonce_is_good_once_also_where_the_clock_ran_ahead_for_a_day()
    {
        using var guard = Open();
        _time.WallOff = TimeSpan.FromDays(1);
        var ahead = Now;
        Assert.Equal(ReplayVerdict.Fresh, guard.Admit(Agent, Nonce, ahead));
        _time.WallOff = TimeSpan.Zero;
        foreach (var number in Enumerable.Range(0, 1000))
        {
            Assert.Equal(ReplayVerdict.Fresh, guard.Admit(Agent, NonceOf(number), Now));
        }

        _time.Advance(TimeSpan.FromDays(1));
        Assert.Equal(ReplayVerdict.Replayed, guard.Admit(Agent, Nonce, ahead));
    }

    [Fact]
    public void A_guard_that_was_disposed_of_lets_nothing_pass()
    {
        var guard = Open();
        guard.Dispose();
        Assert.Equal(ReplayVerdict.Unavailable, guard.Admit(Agent, Nonce, Now));
        guard.Expect(Agent, "0123456789abcdef"u8);
    }

    [Fact]
    public void Where_nothing_can_be_stored_nothing_is_let_pass()
    {
        using var guard = Open();
        Directory.Delete(_directory.Path, recursive: true);
        Assert.Equal(ReplayVerdict.Unavailable, guard.Admit(Agent, Nonce, Now));
        Directory.CreateDirectory(_directory.Path);
        Assert.Equal(ReplayVerdict.Fresh, guard.Admit(Agent, Nonce, Now));
    }

    [Fact]
    public void Whatever_comes_when_nothing_passes_twice() =>
        Gen.Select(Gen.Int[0, 5], Gen.Int[-70, 70], Gen.Int[0, 40], Gen.Bool).Array[1, 60].Sample(
            steps =>
            {
                using var directory = new TemporaryDirectory();
                var time = new SetTime();
                var guard = new ReplayGuard(directory.Path, TimeSpan.FromSeconds(60), 1000, "first", time);
                var passed = new Dictionary<int, DateTimeOffset>();
                foreach (var (nonce, offset, passes, restarts) in steps)
                {
                    var timestamp = time.GetUtcNow().AddSeconds(offset);
                    if (guard.Admit(Agent, NonceOf(nonce), timestamp) == ReplayVerdict.Fresh)
                    {
                        // Only when the message that bore it before is too old to come again.
                        Assert.True(!passed.TryGetValue(nonce, out var before) || before.AddSeconds(60) < time.GetUtcNow(), $"{nonce} of {timestamp:O} passed twice");
                        passed[nonce] = timestamp;
                    }

                    time.Advance(TimeSpan.FromSeconds(passes));
                    if (restarts)
                    {
                        guard.Dispose();
                        guard = new ReplayGuard(directory.Path, TimeSpan.FromSeconds(60), 1000, "first", time);
                    }
                }

                guard.Dispose();
            },
            iter: 200);

    private static string NonceOf(int number) => string.Create(CultureInfo.InvariantCulture, $"{number:D32}");

    private ReplayGuard Open(long max = 1_000_000, string boot = "first") => new(_directory.Path, TimeSpan.FromSeconds(60), max, boot, _time);
}
