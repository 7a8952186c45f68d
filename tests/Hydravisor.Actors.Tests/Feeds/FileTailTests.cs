using System.Text;
using System.Text.Json;
using Hydravisor.Actors.Feeds;

namespace Hydravisor.Actors.Tests.Feeds;

public sealed class FileTailTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly TurnedFile _file;

    public FileTailTests() => _file = new TurnedFile(Path.Combine(_directory.Path, "console.log"));

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_file_that_is_not_there_yet_is_read_when_it_is()
    {
        using var tail = new FileTail(_file.Path, TailPlace.Beginning);
        Assert.Equal(("", false), Drain(tail));
        _file.Write("one");
        Assert.Equal(("one", false), Drain(tail));
    }

    [Fact]
    public void What_is_added_is_read_once_and_in_order_over_turns()
    {
        using var tail = new FileTail(_file.Path, TailPlace.Beginning);
        _file.Write("a");
        Assert.Equal(("a", false), Drain(tail));
        _file.Write("b");
        _file.Turn();
        _file.Write("c");
        _file.Turn();
        _file.Turn();
        _file.Write("d");
        Assert.Equal(("bcd", false), Drain(tail));
    }

    [Fact]
    public void What_stood_there_before_the_first_look_is_read_from_the_oldest_on()
    {
        _file.Write("a");
        _file.Turn();
        _file.Write("b");
        _file.Turn();
        _file.Write("c");
        using var tail = new FileTail(_file.Path, TailPlace.Beginning);
        Assert.Equal(("abc", false), Drain(tail));
    }

    [Fact]
    public void A_stored_place_goes_on_where_it_was_after_turns()
    {
        _file.Write("taken, ");
        var place = PlaceAfterAll();
        _file.Write("left");
        _file.Turn();
        _file.Write(" and new");
        using var tail = new FileTail(_file.Path, TailPlace.Read(Bytes(place)));
        Assert.Equal(("left and new", false), Drain(tail));
    }

    [Fact]
    public void A_place_whose_file_was_dropped_is_a_loss_and_the_oldest_file_is_next()
    {
        _file.Write("taken");
        var place = PlaceAfterAll();
        for (var turn = 0; turn <= _file.OlderMax; turn++)
        {
            _file.Turn();
            _file.Write($"{turn}");
        }

        using var tail = new FileTail(_file.Path, place);
        Assert.Equal(("0123", true), Drain(tail));
        Assert.Equal(("", false), Drain(tail));
    }

    [Fact]
    public void A_loss_is_said_again_until_it_is_accepted()
    {
        _file.Write("taken");
        var place = PlaceAfterAll();
        File.Delete(_file.Path);
        _file.Write("new");
        using var tail = new FileTail(_file.Path, place);
        var buffer = new byte[10];
        Assert.Equal(new TailRead(3, true), tail.Read(buffer));
        Assert.Equal(new TailRead(0, false), tail.Read(buffer));
        tail.Rest();
        Assert.Equal(new TailRead(3, true), tail.Read(buffer));
        tail.Accept(0);
        tail.Rest();
        Assert.Equal(new TailRead(3, false), tail.Read(buffer));
    }

    [Fact]
    public void An_open_file_that_is_dropped_is_read_to_its_end_before_the_loss()
    {
        using var tail = new FileTail(_file.Path, TailPlace.Beginning);
        _file.Write("a");
        Assert.Equal(("a", false), Drain(tail));
        _file.Write("b");
        for (var turn = 0; turn <= _file.OlderMax; turn++)
        {
            _file.Turn();
        }

        _file.Write("c");
        var buffer = new byte[10];
        Assert.Equal(new TailRead(1, false), tail.Read(buffer));
        Assert.Equal((byte)'b', buffer[0]);
        Assert.Equal(new TailRead(1, true), tail.Read(buffer));
        Assert.Equal((byte)'c', buffer[0]);
    }

    [Fact]
    public void Another_file_that_got_the_same_number_is_not_taken_for_the_old_one()
    {
        _file.Write("the old content of that length");
        var place = PlaceAfterAll();
        File.Delete(_file.Path);
        _file.Write("another content, which is longer than the old one was");
        var number = FileIdentity.Of(_file.Path)!.Value;
        // Where the file system says when a file was made, and where it does not: the bytes tell.
        foreach (var reused in new[] { place with { Inode = number.Inode }, place with { Inode = number.Inode, Born = 0 } })
        {
            using var tail = new FileTail(_file.Path, reused);
            Assert.Equal(("another content, which is longer than the old one was", true), Drain(tail));
        }
    }

    [Fact]
    public void The_same_content_at_the_same_number_is_told_apart_by_when_it_was_made()
    {
        _file.Write("same");
        var place = PlaceAfterAll();
        Assert.True(new FileIdentity(place.Inode, place.Born).IsCertain, "This file system does not say when a file was made.");
        using var tail = new FileTail(_file.Path, place with { Born = place.Born - 1 });
        Assert.Equal(("same", true), Drain(tail));
    }

    [Fact]
    public void A_file_that_is_begun_anew_in_its_place_is_a_loss()
    {
        _file.Write("older, and read");
        _file.Turn();
        using var tail = new FileTail(_file.Path, TailPlace.Beginning);
        _file.Write("first content");
        Assert.Equal(("older, and readfirst content", false), Drain(tail));
        File.WriteAllText(_file.Path, "second");
        using var resumed = new FileTail(_file.Path, tail.Place);
        Assert.Equal(("second", true), Drain(tail));
        Assert.Equal(("second", true), Drain(resumed));
    }

    [Fact]
    public void A_name_that_is_missing_between_others_stops_nothing()
    {
        using var tail = new FileTail(_file.Path, TailPlace.Beginning);
        _file.Write("a");
        Assert.Equal(("a", false), Drain(tail));
        // Whoever turned the files was killed midway.
        File.Move(_file.Path, _file.Path + ".1");
        Assert.Equal(("", false), Drain(tail));
        _file.Write("b");
        Assert.Equal(("b", false), Drain(tail));
    }

    [Fact]
    public void What_was_read_and_not_accepted_is_read_again()
    {
        _file.Write("line\nunfin");
        using var tail = new FileTail(_file.Path, TailPlace.Beginning);
        var buffer = new byte[100];
        Assert.Equal(10, tail.Read(buffer).Count);
        tail.Accept(5);
        tail.Rest();
        _file.Turn();
        _file.Write("ished\n");
        Assert.Equal(("unfinished\n", false), Drain(tail));
    }

    [Fact]
    public void More_than_was_read_cannot_be_accepted()
    {
        _file.Write("abc");
        using var tail = new FileTail(_file.Path, TailPlace.Beginning);
        Assert.Throws<ArgumentOutOfRangeException>(() => tail.Accept(1));
        tail.Read(new byte[2]);
        Assert.Throws<ArgumentOutOfRangeException>(() => tail.Accept(3));
    }

    [Fact]
    public void A_place_is_the_same_after_json_and_after_bytes()
    {
        var place = new TailPlace(ulong.MaxValue, long.MinValue, 3, 4);
        Assert.Equal(place, JsonSerializer.Deserialize<TailPlace>(JsonSerializer.Serialize(place)));
        Assert.Equal(place, TailPlace.Read(Bytes(place)));
    }

    private TailPlace PlaceAfterAll()
    {
        using var tail = new FileTail(_file.Path, TailPlace.Beginning);
        Drain(tail);
        return tail.Place;
    }

    private static byte[] Bytes(TailPlace place)
    {
        var bytes = new byte[TailPlace.BinaryBytes];
        place.Write(bytes);
        return bytes;
    }

    private static (string Text, bool Lost) Drain(FileTail tail)
    {
        var (text, lost, buffer) = (new StringBuilder(), false, new byte[7]);
        TailRead read;
        do
        {
            read = tail.Read(buffer);
            tail.Accept(read.Count);
            lost |= read.Lost;
            text.Append(Encoding.UTF8.GetString(buffer, 0, read.Count));
        }
        while (read.Count > 0);
        return (text.ToString(), lost);
    }
}
