using System.Collections.Concurrent;
using System.Threading.Channels;
using Hydravisor.Protocol;

namespace Hydravisor.Client;

/// <summary>
/// What a connection follows: the log and the terminal of VMs. Thread-safe. A feed whose reader is behind makes the reading of the
/// connection wait: so the node learns that this client is slow, and says what it left out.
/// </summary>
internal sealed class FeedTable
{
    /// <summary>Messages that wait for the reader of one feed.</summary>
    private const int WaitingMax = 64;

    private readonly ConcurrentDictionary<string, Channel<ModelLog>> _logs = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Channel<TerminalOutput>> _terminals = new(StringComparer.Ordinal);
    private volatile Exception? _closed;

    /// <summary>Begins to follow a VM's log.</summary>
    /// <exception cref="InvalidOperationException">This connection follows it already.</exception>
    public ChannelReader<ModelLog> OpenLog(string instanceId) => Open(_logs, instanceId, "log");

    /// <summary>Begins to follow a VM's terminal.</summary>
    /// <exception cref="InvalidOperationException">This connection follows it already.</exception>
    public ChannelReader<TerminalOutput> OpenTerminal(string instanceId) => Open(_terminals, instanceId, "terminal");

    /// <summary>Follows the log no more.</summary>
    public void ForgetLog(string instanceId) => Forget(_logs, instanceId, reason: null);

    /// <summary>Follows the terminal no more.</summary>
    public void ForgetTerminal(string instanceId) => Forget(_terminals, instanceId, reason: null);

    /// <summary>Entries came.</summary>
    public ValueTask LogAsync(ModelLog log) => PassAsync(_logs, log.Source, log);

    /// <summary>Output came.</summary>
    public ValueTask OutputAsync(TerminalOutput output) => PassAsync(_terminals, output.InstanceId, output);

    /// <summary>The node ends what is followed of a VM: its log by 404, its terminal by 409, which comes earlier.</summary>
    /// <returns>Whether anything was.</returns>
    public bool End(string instanceId, HydravisorException reason) =>
        (reason.Code != ErrorCode.Conflict && Forget(_logs, instanceId, reason)) | (reason.Code != ErrorCode.NotFound && Forget(_terminals, instanceId, reason));

    /// <summary>All ends.</summary>
    public void Close(Exception reason)
    {
        _closed ??= reason;
        foreach (var id in _logs.Keys)
        {
            Forget(_logs, id, reason);
        }

        foreach (var id in _terminals.Keys)
        {
            Forget(_terminals, id, reason);
        }
    }

    private ChannelReader<T> Open<T>(ConcurrentDictionary<string, Channel<T>> feeds, string instanceId, string what)
    {
        var channel = Channel.CreateBounded<T>(new BoundedChannelOptions(WaitingMax) { SingleWriter = true });
        if (!feeds.TryAdd(instanceId, channel))
        {
            throw new InvalidOperationException($"This connection follows the {what} of {instanceId} already; end that first, or take another connection.");
        }

        // Closing sets the reason first and then empties the tables: whoever came in between is found here.
        if (_closed is { } reason)
        {
            Forget(feeds, instanceId, reason);
        }

        return channel.Reader;
    }

    private static bool Forget<T>(ConcurrentDictionary<string, Channel<T>> feeds, string instanceId, Exception? reason) =>
        feeds.TryRemove(instanceId, out var channel) && channel.Writer.TryComplete(reason);

    private static async ValueTask PassAsync<T>(ConcurrentDictionary<string, Channel<T>> feeds, string instanceId, T message)
    {
        if (feeds.TryGetValue(instanceId, out var channel))
        {
            try
            {
                await channel.Writer.WriteAsync(message).ConfigureAwait(false);
            }
            catch (ChannelClosedException)
            {
                // Nobody follows it any more.
            }
        }
    }
}
