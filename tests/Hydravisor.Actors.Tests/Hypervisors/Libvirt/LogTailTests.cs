using Hydravisor.Actors.Hypervisors.Libvirt.Life;

namespace Hydravisor.Actors.Tests.Hypervisors.Libvirt;

public sealed class LogTailTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Log => Path.Combine(_directory.Path, "console.log");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_file_that_is_not_there_yet_has_no_lines()
    {
        using var tail = new LogTail(Log, 0);
        Assert.Empty(tail.Read());
        File.WriteAllText(Log, "one\r\n");
        Assert.Equal(["one"], tail.Read());
    }

    [Fact]
    public void Reading_begins_at_the_offset_and_goes_on_where_it_stopped()
    {
        File.WriteAllText(Log, "old\nnew\nha");
        using var tail = new LogTail(Log, 4);
        Assert.Equal(["new"], tail.Read());
        Assert.Equal("ha", tail.Unfinished);
        File.AppendAllText(Log, "lf\n");
        Assert.Equal(["half"], tail.Read());
        Assert.Equal("", tail.Unfinished);
        Assert.Empty(tail.Read());
    }

    [Fact]
    public void A_log_that_is_turned_over_is_read_to_its_end_and_then_the_next_one()
    {
        File.WriteAllText(Log, "one\n");
        using var tail = new LogTail(Log, 0);
        Assert.Equal(["one"], tail.Read());
        File.AppendAllText(Log, "two\n");
        File.Move(Log, Log + ".0");
        File.WriteAllText(Log, "three\n");
        Assert.Equal(["two", "three"], tail.Read());
    }

    [Fact]
    public void A_log_that_was_turned_over_before_reading_began_is_found()
    {
        File.WriteAllText(Log + ".0", "old\none\n");
        File.WriteAllText(Log, "t\n");
        using var tail = new LogTail(Log, 4);
        Assert.Equal(["one", "t"], tail.Read());
    }

    [Fact]
    public void A_line_without_an_end_takes_no_more_than_a_bounded_part_of_memory()
    {
        File.WriteAllText(Log, new string('x', 100_000) + "\nnext\n");
        using var tail = new LogTail(Log, 0);
        Assert.Equal([new string('x', 4096), "next"], tail.Read());
    }
}
