using System.IO.Pipelines;

namespace Hydravisor.Actors.Hypervisors.Live;

/// <summary>A connection within this process.</summary>
internal sealed class PipeLink : LiveLink
{
    private readonly PipeReader _in;
    private readonly PipeWriter _out;

    private PipeLink(PipeReader input, PipeWriter output) => (_in, _out) = (input, output);

    /// <summary>The two ends of one.</summary>
    public static (LiveLink One, LiveLink Other) Pair()
    {
        var (there, back) = (new Pipe(), new Pipe());
        return (new PipeLink(back.Reader, there.Writer), new PipeLink(there.Reader, back.Writer));
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(Memory<byte> buffer) => GuardedAsync(async () => await _in.AsStream(leaveOpen: true).ReadAsync(buffer).ConfigureAwait(false));

    /// <inheritdoc/>
    public override Task WriteAsync(ReadOnlyMemory<byte> bytes) => GuardedAsync(async () =>
        (await _out.WriteAsync(bytes).ConfigureAwait(false)).IsCompleted ? throw new IOException("the other end is gone") : 0);

    /// <inheritdoc/>
    public override async Task EndAsync() => await _out.CompleteAsync().ConfigureAwait(false);

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        _in.CancelPendingRead();
        await _out.CompleteAsync().ConfigureAwait(false);
        await _in.CompleteAsync().ConfigureAwait(false);
    }

    private static async Task<int> GuardedAsync(Func<Task<int>> call)
    {
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (Exception e) when (e is InvalidOperationException or OperationCanceledException)
        {
            throw new IOException(e.Message, e);
        }
    }
}
