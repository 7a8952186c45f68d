using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Hydravisor.Bench.Logs;

/// <summary>How a peer is asked for lines: the only thing in which the subscribers of the two sides differ.</summary>
/// <param name="Request">What is sent first.</param>
/// <param name="Answered">What stands in the answer, before its last line feed, once whatever is said from now on is delivered.</param>
internal sealed record Subscription(string Request, string Answered)
{
    /// <summary>Subscribes to a subject of NATS.</summary>
    public static Subscription Nats { get; } = new($"CONNECT {{\"verbose\":false}}\r\nSUB {NatsServer.Subject} 1\r\nPING\r\n", "PONG");

    /// <summary>Follows the log of a VM from its end.</summary>
    public static Subscription Node(string instanceId) =>
        new($$"""{"type":"log/subscribe","instance_id":"{{instanceId}}","from":"tail"}""" + "\n", "\"ok\":true");

    /// <summary>Connects and waits until it is answered.</summary>
    public Socket Open(IPEndPoint endpoint)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 10_000 };
        try
        {
            socket.Connect(endpoint);
            socket.Send(Encoding.UTF8.GetBytes(Request));
            var heard = "";
            var buffer = new byte[4096];
            while (!(heard.EndsWith('\n') && heard.Contains(Answered, StringComparison.Ordinal)))
            {
                var count = socket.Receive(buffer);
                heard += Encoding.UTF8.GetString(buffer, 0, count);
                if (count == 0 || heard.Contains("mcp/error", StringComparison.Ordinal))
                {
                    throw new InvalidOperationException($"It did not let a subscriber in: {heard}");
                }
            }

            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
