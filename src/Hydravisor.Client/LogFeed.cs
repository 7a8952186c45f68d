using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Hydravisor.Protocol;

namespace Hydravisor.Client;

/// <summary>A VM's log as it is followed over one connection. One reader; disposing of it ends it.</summary>
public sealed class LogFeed : IAsyncDisposable
{
    private readonly HydravisorClient _client;
    private readonly string _instanceId;

    internal LogFeed(HydravisorClient client, LogSubscribed reply, ChannelReader<ModelLog> messages)
    {
        _client = client;
        _instanceId = reply.InstanceId;
        Next = reply.Next;
        Messages = messages;
    }

    /// <summary>The sequence number of the first entry that comes.</summary>
    public long Next { get; }

    /// <summary>
    /// The messages as they came. Completes with <see cref="HydravisorException"/> where the node ended it (the VM was deleted), and with
    /// <see cref="HydravisorConnectionException"/> where the connection was lost: follow anew from the number after the last entry.
    /// </summary>
    public ChannelReader<ModelLog> Messages { get; }

    /// <summary>The entries, gaps among them, one by one; ends as <see cref="Messages"/> does.</summary>
    public async IAsyncEnumerable<LogEntry> EntriesAsync([EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await foreach (var message in Messages.ReadAllAsync(cancellation).ConfigureAwait(false))
        {
            foreach (var entry in message.Payload)
            {
                yield return entry;
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => new(_client.LeaveLogAsync(_instanceId));
}
