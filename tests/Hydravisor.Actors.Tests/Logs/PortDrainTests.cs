using Hydravisor.Actors.Feeds;
using Hydravisor.Actors.Logs.Sources;

namespace Hydravisor.Actors.Tests.Logs;

/// <summary>How far a log port's pipe is read away.</summary>
public sealed class PortDrainTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly byte[] _scratch = new byte[100];
    private readonly string _path;
    private readonly FileStream _pipe;
    private readonly PortDrain _drain;

    public PortDrainTests()
    {
        _path = Path.Combine(_directory.Path, "pipe");
        Fifo.Make(_path);
        Fifo.Make(_path);
        _pipe = new FileStream(_path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
        _drain = PortDrain.TryOpen(_path)!;
    }

    public void Dispose()
    {
        _drain.Dispose();
        _pipe.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public void No_more_is_read_than_was_stored()
    {
        _pipe.Write(new byte[1000]);
        _drain.Stored(250);
        Assert.False(_drain.Pump(_scratch, caughtUp: false));
        Assert.Equal(750, Left());
    }

    [Fact]
    public void All_is_read_where_all_is_stored_and_then_it_is_looked_at_the_file_again()
    {
        _pipe.Write(new byte[60_000]);
        Assert.False(_drain.Pump(_scratch, caughtUp: true));
        Assert.Equal(0, Left());
        _pipe.Write(new byte[65_536]);
        Assert.True(_drain.Pump(_scratch, caughtUp: true));
    }

    [Fact]
    public void What_was_stored_and_is_not_there_any_more_is_not_owed()
    {
        _drain.Stored(500);
        Assert.False(_drain.Pump(_scratch, caughtUp: false));
        _pipe.Write(new byte[700]);
        Assert.False(_drain.Pump(_scratch, caughtUp: false));
        Assert.Equal(700, Left());
    }

    [Fact]
    public void A_pipe_that_is_not_there_is_not_opened() => Assert.Null(PortDrain.TryOpen(_path + "-none"));

    private int Left()
    {
        var rest = new byte[100_000];
        using var reader = Fifo.TryOpen(_path)!;
        return reader.Read(rest, rest.Length);
    }
}
