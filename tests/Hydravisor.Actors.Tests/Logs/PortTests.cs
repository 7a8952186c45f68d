using System.Text;
using Hydravisor.Actors.Feeds;
using Hydravisor.Actors.Logs;

namespace Hydravisor.Actors.Tests.Logs;

/// <summary>The flow control of the guest's log port, on a real pipe.</summary>
public sealed class PortTests : IAsyncLifetime
{
    private const int PipeBytes = 64 * 1024;
    private const int ChunkBytes = 16 * 1024;
    private static readonly string Line = new string('y', 1023) + "\n";
    private static readonly byte[] Chunk = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(Line, ChunkBytes / Line.Length)));
    private readonly LogsNode _node = new();
    private readonly FileStream _pipe;

    public PortTests()
    {
        Fifo.Make(_node.Pipe);
        // As QEMU has it: open both ways, so that it stands also while nobody reads.
        _pipe = new FileStream(_node.Pipe, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _pipe.DisposeAsync();
        await _node.DisposeAsync();
    }

    [Fact]
    public async Task A_flood_goes_through_and_is_never_far_ahead_of_what_is_stored()
    {
        _node.Logs.Watch(LogsNode.Vm);
        for (var sent = ChunkBytes; sent <= 64 * PipeBytes; sent += ChunkBytes)
        {
            await WriteAsync();
            // A pipe that is full, one that was read away, and what is just being written.
            Assert.InRange(sent - await StoredBytesAsync(), 0, (2 * PipeBytes) + ChunkBytes);
        }

        await Wait.Until(async () => await StoredBytesAsync() == 64 * PipeBytes, "all lines");
    }

    [Fact]
    public async Task What_was_written_while_no_node_was_there_is_stored()
    {
        await WriteAsync();
        await WriteAsync();
        _node.Logs.Watch(LogsNode.Vm);
        await Wait.Until(async () => await StoredBytesAsync() == 2 * ChunkBytes, "what was written before");
        await WriteAsync();
        await Wait.Until(async () => await StoredBytesAsync() == 3 * ChunkBytes, "what was written then");
    }

    [Fact]
    public async Task A_pipe_left_full_by_a_killed_node_stops_no_guest()
    {
        // Stored by that one, and not read away any more.
        for (var left = 0; left < PipeBytes; left += ChunkBytes)
        {
            await _pipe.WriteAsync(Chunk);
        }

        _node.Logs.Watch(LogsNode.Vm);
        for (var chunk = 0; chunk < 16; chunk++)
        {
            await WriteAsync();
        }

        await Wait.Until(async () => await StoredBytesAsync() == 16 * ChunkBytes, "all lines");
    }

    [Fact]
    public async Task A_vm_that_is_not_watched_any_more_is_left()
    {
        _node.Logs.Watch(LogsNode.Vm);
        await WriteAsync();
        Assert.True((await _node.Logs.DrainAsync(LogsNode.Vm)).IsDone);
        await WriteAsync();
        Assert.Equal(ChunkBytes, await StoredBytesAsync());
        using var reader = Fifo.TryOpen(_node.Pipe)!;
        var read = new byte[2 * ChunkBytes];
        Assert.Equal(ChunkBytes, reader.Read(read, read.Length));
        Assert.Equal(0, reader.Read(read, read.Length));
    }

    // As QEMU does it: what the pipe took goes to the file too.
    private async Task WriteAsync()
    {
        await Wait.For(Task.Run(() => _pipe.Write(Chunk)), "room for what the guest writes");
        _node.Port.Write(Chunk);
    }

    private async Task<long> StoredBytesAsync() => ((await _node.Logs.QueryAsync(LogsNode.Vm, LogStart.Tail, 1, 1)).Value.Next - 1) * Line.Length;
}
