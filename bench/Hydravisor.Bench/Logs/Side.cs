using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Hydravisor.Bench.Logs;

/// <summary>One of the two that carry lines from one who says them to many who follow. For one thread.</summary>
internal abstract class Side : IDisposable
{
    /// <summary>Lines that are said in one go, at most.</summary>
    public const int BatchMax = 500;

    /// <summary>Where subscribers go.</summary>
    public abstract IPEndPoint Endpoint { get; }

    /// <summary>How they subscribe.</summary>
    public abstract Subscription Subscription { get; }

    /// <summary>Says lines, by one write.</summary>
    /// <param name="text">The lines, each as <see cref="Framed"/> gives it.</param>
    public abstract void Say(ReadOnlySpan<byte> text);

    /// <summary>A line as it is said on this side.</summary>
    public abstract string Framed(string line);

    /// <summary>A number of lines as they are said on this side.</summary>
    public byte[] Batch(int lines) => LogLine.Bytes(string.Concat(Enumerable.Repeat(Framed(LogLine.Of(0)), lines)));

    /// <inheritdoc/>
    public abstract void Dispose();
}

/// <summary>NATS: one connection that publishes.</summary>
internal sealed class NatsSide : Side
{
    private readonly Socket _publisher = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    /// <summary>Connects.</summary>
    public NatsSide(NatsServer server)
    {
        Endpoint = server.Endpoint;
        _publisher.Connect(Endpoint);
        _publisher.Send(Encoding.UTF8.GetBytes("CONNECT {\"verbose\":false}\r\n"));
    }

    /// <inheritdoc/>
    public override IPEndPoint Endpoint { get; }

    /// <inheritdoc/>
    public override Subscription Subscription => Subscription.Nats;

    /// <inheritdoc/>
    public override string Framed(string line) => $"PUB {NatsServer.Subject} {line.Length}\r\n{line}\r\n";

    /// <inheritdoc/>
    public override void Say(ReadOnlySpan<byte> text)
    {
        while (text.Length > 0)
        {
            text = text[_publisher.Send(text)..];
        }
    }

    /// <inheritdoc/>
    public override void Dispose() => _publisher.Dispose();
}

/// <summary>A node: lines enter as a guest writes them, by the file into which the hypervisor puts what comes from the log port.</summary>
/// <param name="endpoint">Of the node.</param>
/// <param name="instanceId">The VM, of the simulated hypervisor.</param>
/// <param name="log">Its guest's log file.</param>
internal sealed class GuestSide(IPEndPoint endpoint, string instanceId, string log) : Side
{
    private readonly FileStream _log = new(log, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);

    /// <inheritdoc/>
    public override IPEndPoint Endpoint => endpoint;

    /// <inheritdoc/>
    public override Subscription Subscription => Subscription.Node(instanceId);

    /// <inheritdoc/>
    public override string Framed(string line) => line + "\n";

    /// <inheritdoc/>
    public override void Say(ReadOnlySpan<byte> text) => _log.Write(text);

    /// <inheritdoc/>
    public override void Dispose() => _log.Dispose();
}
