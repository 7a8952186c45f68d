using System.Collections.Concurrent;
using Hydravisor.Protocol;

namespace Hydravisor.Client;

/// <summary>Who waits for which reply. Thread-safe; once closed, nobody waits any more.</summary>
internal sealed class RequestTable
{
    private readonly ConcurrentDictionary<string, Waiting> _waiting = new(StringComparer.Ordinal);
    private volatile Exception? _closed;

    /// <summary>Begins to wait for the reply with an id.</summary>
    /// <param name="requestId">The id.</param>
    /// <param name="isSeries">Whether states come one by one until an <c>ok</c>; they are handed over as a list.</param>
    /// <exception cref="InvalidOperationException">Somebody waits for this id already.</exception>
    /// <exception cref="HydravisorConnectionException">The connection is closed.</exception>
    public Task<ServerMessage> Open(string requestId, bool isSeries)
    {
        var waiting = new Waiting(isSeries);
        if (!_waiting.TryAdd(requestId, waiting))
        {
            throw new InvalidOperationException(
                $"A request with the id \"{requestId}\" is in flight on this connection; "
                + "wait for its reply, or take another id.");
        }

        // Closing sets the reason first and then empties the table: whoever came in between is found here.
        if (_closed is { } reason)
        {
            _waiting.TryRemove(requestId, out _);
            throw Closed(reason);
        }

        return waiting.Task;
    }

    /// <summary>Nobody waits for the id any more.</summary>
    public void Forget(string requestId) => _waiting.TryRemove(requestId, out _);

    /// <summary>
    /// Gives a reply to who waits for it; <see langword="false"/> if nobody does. For the one reader of the connection.
    /// </summary>
    public bool Answer(string requestId, ServerMessage reply)
    {
        if (!_waiting.TryGetValue(requestId, out var waiting))
        {
            return false;
        }

        if (waiting.States is { } states && reply is VmStateMessage state)
        {
            states.Add(state);
            return true;
        }

        _waiting.TryRemove(requestId, out _);
        return reply is ErrorMessage error
            ? waiting.TrySetException(new HydravisorException(error))
            : waiting.TrySetResult(waiting.States is { } all ? new VmListReply { Instances = all, Meta = reply.Meta } : reply);
    }

    /// <summary>Fails who waits for the id.</summary>
    public void Fail(string requestId, Exception reason)
    {
        if (_waiting.TryRemove(requestId, out var waiting))
        {
            waiting.TrySetException(reason);
        }
    }

    /// <summary>Fails everybody who waits now, each with an exception of its own.</summary>
    public void FailAll(Func<Exception> reason)
    {
        foreach (var requestId in _waiting.Keys)
        {
            Fail(requestId, reason());
        }
    }

    /// <summary>Fails everybody, now and from now on.</summary>
    public void Close(Exception reason)
    {
        _closed ??= reason;
        foreach (var requestId in _waiting.Keys)
        {
            Fail(requestId, Closed(reason));
        }
    }

    /// <summary>Each waiter gets an exception of its own: a shared one would mix their stack traces.</summary>
    public static HydravisorConnectionException Closed(Exception reason) => new(reason.Message, reason.InnerException ?? reason);

    private sealed class Waiting(bool isSeries)
        : TaskCompletionSource<ServerMessage>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        /// <summary>What came of a series; only the reader of the connection touches it before it is handed over.</summary>
        public List<VmStateMessage>? States { get; } = isSeries ? [] : null;
    }
}
