using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Hydravisor.EndToEnd.Tests.Harness;

namespace Hydravisor.Bench.Cluster;

/// <summary>A connection on which each line that comes decides what is sent next. Cheap: it shares the machine with what it measures.</summary>
internal sealed class LineConnection : IDisposable
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(60);
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = (int)Silence.TotalMilliseconds };
    private readonly StreamReader _reader;
    private readonly StringBuilder _unsent = new();

    /// <summary>Connects.</summary>
    public LineConnection(IPEndPoint endpoint)
    {
        _socket.Connect(endpoint);
        _reader = new StreamReader(new NetworkStream(_socket, ownsSocket: false), Encoding.UTF8, detectEncodingFromByteOrderMarks: false, bufferSize: 64 * 1024);
    }

    /// <summary>Sends a line, with others that are sent before the next one is waited for.</summary>
    public void Send(string line) => _unsent.Append(line).Append('\n');

    /// <summary>Sends what is to be sent, and takes lines until one was the last.</summary>
    /// <param name="isLast">Takes a line, and says whether it was the last that is waited for.</param>
    public void Run(Func<JsonElement, bool> isLast)
    {
        while (true)
        {
            Flush();
            using var line = JsonDocument.Parse(_reader.ReadLine() ?? throw new EndOfStreamException("The node closed the connection."));
            if (line.RootElement.Type() == "mcp/error")
            {
                throw new InvalidOperationException("The node refused a message: " + line.RootElement.GetRawText());
            }

            if (isLast(line.RootElement))
            {
                Flush();
                return;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _reader.Dispose();
        _socket.Dispose();
    }

    private void Flush()
    {
        if (_unsent.Length > 0)
        {
            var bytes = Encoding.UTF8.GetBytes(_unsent.ToString());
            _unsent.Clear();
            for (var sent = 0; sent < bytes.Length;)
            {
                sent += _socket.Send(bytes.AsSpan(sent));
            }
        }
    }
}
