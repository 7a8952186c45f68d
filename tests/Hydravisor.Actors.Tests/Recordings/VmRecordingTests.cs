using System.Text;
using Hydravisor.Actors.Files;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Recordings;

namespace Hydravisor.Actors.Tests.Recordings;

public sealed class VmRecordingTests : IDisposable
{
    private readonly RecordedVm _vm = new();

    public void Dispose() => _vm.Dispose();

    [Fact]
    public void What_the_console_showed_is_recorded_with_its_time_in_order()
    {
        using var recording = _vm.Open();
        _vm.Console.Write("one\r\n");
        Assert.True(recording.Drain().IsDone);
        _vm.Time.Advance(TimeSpan.FromSeconds(1.5));
        _vm.Console.Write("two\r\n");
        Assert.True(recording.Drain().IsDone);

        Assert.Equal([(0, "o", "one\r\n"), (1.5, "o", "two\r\n")], _vm.Events);
    }

    [Fact]
    public void What_the_guest_wrote_while_the_node_was_down_follows_a_marker_that_says_so()
    {
        using (var recording = _vm.Open())
        {
            _vm.Console.Write("before ");
            recording.Drain();
        }

        _vm.Time.Advance(TimeSpan.FromMinutes(10));
        _vm.Console.Write("meanwhile");
        using (var recording = _vm.Open(lastSeen: _vm.Time.GetUtcNow() - TimeSpan.FromMinutes(9)))
        {
            recording.Drain();
        }

        Assert.Equal(
            [
                (0, "o", "before "),
                (600, "m", "the node was down from 2026-01-01 00:01:00Z to 2026-01-01 00:10:00Z; what the guest wrote meanwhile follows"),
                (600, "o", "meanwhile"),
            ],
            _vm.Events);
    }

    [Fact]
    public void Times_go_on_when_the_clock_on_the_wall_was_set_back()
    {
        using (var recording = _vm.Open())
        {
            _vm.Time.Advance(TimeSpan.FromHours(1));
            _vm.Console.Write("a");
            recording.Drain();
        }

        _vm.Time.WallOff = TimeSpan.FromHours(-5);
        using (var recording = _vm.Open())
        {
            _vm.Time.Advance(TimeSpan.FromSeconds(2));
            _vm.Console.Write("b");
            recording.Drain();
        }

        Assert.Equal([3600, 3600, 3602], _vm.Events.Select(each => each.At));
    }

    [Fact]
    public void A_character_that_two_reads_split_is_one_character()
    {
        using var recording = _vm.Open();
        foreach (var part in Encoding.UTF8.GetBytes("grüße 🙂!"))
        {
            _vm.Console.Write([part]);
            recording.Drain();
        }

        Assert.Equal("grüße 🙂!", _vm.Output);
    }

    [Fact]
    public void A_character_that_a_kill_splits_is_one_character()
    {
        _vm.Console.Write([0xF0, 0x9F]);
        using (var recording = _vm.Open())
        {
            recording.Drain();
        }

        _vm.Console.Write([0x99, 0x82]);
        using (var recording = _vm.Open())
        {
            recording.Drain();
        }

        Assert.Equal("🙂", _vm.Output);
    }

    [Fact]
    public void What_waits_for_the_rest_of_a_character_is_said_at_the_end()
    {
        using var recording = _vm.Open();
        _vm.Console.Write([(byte)'a', 0xC3]);

        Assert.True(recording.End().IsDone);

        Assert.Equal("a\uFFFD", _vm.Output);
    }

    [Fact]
    public void Output_that_was_turned_away_before_it_was_read_is_said_to_be_missing()
    {
        using (var recording = _vm.Open())
        {
            _vm.Console.Write("first");
            recording.Drain();
        }

        for (var turn = 0; turn <= _vm.Console.OlderMax; turn++)
        {
            _vm.Console.Write("unread");
            _vm.Console.Turn();
        }

        _vm.Console.Write("last");
        using (var recording = _vm.Open())
        {
            recording.Drain();
        }

        var missing = Assert.Single(_vm.Events, each => each.Data.StartsWith("output is missing here", StringComparison.Ordinal));
        Assert.Equal("m", missing.Code);
        Assert.StartsWith("firstunread", _vm.Output, StringComparison.Ordinal);
        Assert.EndsWith("last", _vm.Output, StringComparison.Ordinal);
        Assert.Equal(1, _vm.Parts[^1].End.Checkpoint.Gaps);
    }

    [Fact]
    public void Each_input_bears_who_typed_it()
    {
        using var recording = _vm.Open();
        _vm.Typed.Write("Script started on 2026-01-01 00:00:00+00:00 [COMMAND=\"x\"]\nls\r");
        recording.Drain();
        Assert.True(recording.Input("f00d", "id\r"u8).IsDone);

        Assert.Equal(
            [("m", "local terminal: Script started on 2026-01-01 00:00:00+00:00 [COMMAND=\"x\"]"), ("u", "local"), ("i", "ls\r"), ("u", "f00d"), ("i", "id\r")],
            _vm.Events.Select(each => (each.Code, each.Data)));
    }

    [Fact]
    public void What_an_agent_typed_through_the_shared_terminal_is_not_told_again_as_typed_locally()
    {
        using var vm = new RecordedVm { TypedLogHoldsInput = true };
        using var recording = vm.Open();
        recording.Input("f00d", "id\r"u8);
        vm.Typed.Write("xi");
        recording.Drain();
        vm.Typed.Write("d\ry");
        recording.Drain();

        Assert.Equal(["f00d", "local", "local"], vm.Events.Where(each => each.Code == "u").Select(each => each.Data));
        Assert.Equal("id\rxid\ry".Length, vm.Events.Where(each => each.Code == "i").Sum(each => each.Data.Length));
    }

    [Fact]
    public void What_a_guest_has_its_terminal_type_is_recorded_and_takes_no_room_twice()
    {
        var answer = string.Concat(Enumerable.Repeat("\u001b[16;8R", 40_000));
        using (var recording = _vm.Open())
        {
            for (var time = 0; time < 10; time++)
            {
                _vm.Typed.Write(answer);
                recording.Drain();
            }
        }

        var typed = 10L * answer.Length;
        using (var file = File.OpenHandle(_vm.Typed.Path))
        {
            Assert.Equal(typed, RandomAccess.GetLength(file));
            Assert.InRange(FileSpace.FirstData(file), typed - (1500 * 1024), typed);
        }

        // It goes on where it was after a restart of the node.
        using (var recording = _vm.Open())
        {
            _vm.Typed.Write("after");
            recording.Drain();
        }

        Assert.Equal(typed + "after".Length, _vm.Events.Where(each => each.Code == "i").Sum(each => (long)each.Data.Length));
        Assert.Single(_vm.Markers);
    }

    [Fact]
    public void A_recording_that_is_lost_begins_anew_with_what_is_left_of_what_was_typed_and_says_so()
    {
        using (var recording = _vm.Open())
        {
            _vm.Typed.Write(new string('x', 3_000_000));
            recording.Drain();
        }

        Directory.Delete(_vm.Folder, recursive: true);
        using (var recording = _vm.Open())
        {
            _vm.Typed.Write("y");
            recording.Drain();
        }

        var typed = string.Concat(_vm.Events.Where(each => each.Code == "i").Select(each => each.Data));
        Assert.InRange(typed.Length, 1, 1_500_000);
        Assert.Equal("xy", string.Concat(typed.Distinct()));
        Assert.Contains("is missing here", Assert.Single(_vm.Markers), StringComparison.Ordinal);
    }

    [Fact]
    public void A_resize_is_recorded_once_and_kept_over_a_restart()
    {
        using (var recording = _vm.Open())
        {
            recording.Resize(100, 30);
            recording.Resize(100, 30);
        }

        using (var recording = _vm.Open())
        {
            recording.Resize(100, 30);
        }

        Assert.Equal("100x30", Assert.Single(_vm.Events, each => each.Code == "r").Data);
    }

    [Fact]
    public void A_full_file_is_followed_by_another_part_and_the_export_is_one_recording()
    {
        _vm.Settings = _vm.Settings with { FileBytesMax = 2000 };
        using var recording = _vm.Open();
        var all = new StringBuilder();
        for (var number = 0; number < 40; number++)
        {
            var line = $"line {number} {new string('x', 40)}\r\n";
            all.Append(line);
            _vm.Console.Write(line);
            _vm.Time.Advance(TimeSpan.FromSeconds(1));
            recording.Drain();
        }

        Assert.True(_vm.Parts.Count > 2);
        Assert.Equal(Enumerable.Range(1, _vm.Parts.Count), _vm.Parts.Select(part => part.Number));
        Assert.Equal(all.ToString(), _vm.Output);
        Assert.Equal(Enumerable.Range(1, 40).Select(second => (double)second), _vm.Events.Select(each => each.At));
    }

    [Fact]
    public void The_oldest_parts_go_and_their_numbers_tell()
    {
        _vm.Settings = _vm.Settings with { FileBytesMax = 1000, BytesMaxPerVm = 4000 };
        using var recording = _vm.Open();
        for (var number = 0; number < 60; number++)
        {
            _vm.Console.Write(new string('x', 200));
            recording.Drain();
        }

        var found = new RecordingArchive(_vm.Recordings).List().Single();
        var removed = ArchivedRecording.Missing([.. found.Parts.Select(part => part.Number)]);
        Assert.NotEmpty(removed);
        Assert.Equal(Enumerable.Range(1, removed.Count), removed);
        Assert.True(found.Parts.Sum(part => part.End.Length) <= 4000 + 2000);
        Assert.Equal(60 * 200, found.OutputBytes);
    }

    [Fact]
    public void A_full_disk_loses_nothing_that_the_console_still_holds()
    {
        using var recording = _vm.Open();
        _vm.Console.Write("before ");
        recording.Drain();
        _vm.Disk.Room = 20;
        _vm.Console.Write("while it was full ");

        var full = recording.Drain();
        Assert.Equal(OutcomeKind.Unavailable, full.Kind);
        Assert.Contains("No space left", recording.Fault, StringComparison.Ordinal);
        Assert.Equal("before ", _vm.Output);
        Assert.False(recording.Input("f00d", "x"u8).IsDone);

        _vm.Disk.Room = null;
        _vm.Console.Write("after");
        Assert.True(recording.Drain().IsDone);

        Assert.Null(recording.Fault);
        Assert.Equal("before while it was full after", _vm.Output);
        Assert.DoesNotContain(_vm.Events, each => each.Code is "i" or "u");
        Assert.Empty(_vm.Markers);
    }

    [Fact]
    public void With_too_little_room_nothing_is_typed_and_what_is_shown_is_still_recorded()
    {
        using var recording = _vm.Open();
        _vm.Settings = _vm.Settings with { DiskFreeMinBytes = long.MaxValue };
        using var other = _vm.Open();

        Assert.Contains("no room", other.Input("f00d", "x"u8).Reason, StringComparison.Ordinal);

        _vm.Console.Write("shown");
        Assert.True(other.Drain().IsDone);
        Assert.Equal("shown", _vm.Output);
    }

    [Fact]
    public void A_damaged_part_is_set_aside_and_not_removed()
    {
        using (var recording = _vm.Open())
        {
            _vm.Console.Write(new string('x', 8000));
            recording.Drain();
        }

        var damaged = _vm.Files[0];
        File.WriteAllText(damaged, new string('?', 8000));
        using (var recording = _vm.Open())
        {
            recording.Drain();
        }

        Assert.True(File.Exists(damaged + ".unreadable"));
        Assert.Equal(2, Assert.Single(_vm.Parts).Number);
        Assert.Equal(8000, _vm.Output.Length);
    }
}
