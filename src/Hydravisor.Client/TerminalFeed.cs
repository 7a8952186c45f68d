using System.Threading.Channels;
using Hydravisor.Protocol;

namespace Hydravisor.Client;

/// <summary>A VM's terminal, attached to over one connection. One reader, any number of writers; disposing of it detaches.</summary>
public sealed class TerminalFeed : IAsyncDisposable
{
    private readonly HydravisorClient _client;

    internal TerminalFeed(HydravisorClient client, AttachReply reply, ChannelReader<TerminalOutput> output)
    {
        _client = client;
        Reply = reply;
        Output = output;
    }

    /// <summary>What the node answered.</summary>
    public AttachReply Reply { get; }

    /// <summary>What the terminal shows: the whole screen first (<see cref="TerminalOutput.Reset"/>), then what is added. Completes as the messages
    /// of a <see cref="LogFeed"/> do.</summary>
    public ChannelReader<TerminalOutput> Output { get; }

    /// <summary>Types, and waits until the terminal has it. Read <see cref="Output"/> meanwhile: a connection whose output nobody takes reads no
    /// replies either.</summary>
    /// <exception cref="HydravisorException">403 for an auditor; 503 where the guest does not read.</exception>
    public Task<OkReply> TypeAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation = default) =>
        _client.SendAsync<OkReply>(new TerminalInput { InstanceId = Reply.InstanceId, DataB64 = Convert.ToBase64String(bytes.Span) }, cancellation);

    /// <summary>Types text.</summary>
    /// <exception cref="HydravisorException">As above.</exception>
    public Task<OkReply> TypeAsync(string text, CancellationToken cancellation = default) =>
        _client.SendAsync<OkReply>(new TerminalInput { InstanceId = Reply.InstanceId, Data = text }, cancellation);

    /// <summary>Says how large this operator's screen is.</summary>
    /// <exception cref="HydravisorException">403 for an auditor.</exception>
    public Task<OkReply> ResizeAsync(int cols, int rows, CancellationToken cancellation = default) =>
        _client.SendAsync<OkReply>(new TerminalResize { InstanceId = Reply.InstanceId, Cols = cols, Rows = rows }, cancellation);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => new(_client.LeaveTerminalAsync(Reply.InstanceId));
}
