using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Hydravisor.Bench.Wire;

/// <summary>Connections that send what was written before, lines of one length, and keep a window of them unanswered. As cheap as can be.</summary>
/// <param name="endpoint">The node.</param>
/// <param name="scripts">What each connection sends.</param>
/// <param name="lines">How many lines that is.</param>
/// <param name="window">How many may be unanswered.</param>
/// <param name="extra">How many more lines than that each is answered.</param>
internal sealed class ScriptedLoad(IPEndPoint endpoint, IReadOnlyList<byte[]> scripts, int lines, int window, int extra)
{
    /// <summary>Sends all.</summary>
    /// <returns>Answers a second, until the last of all.</returns>
    public async Task<double> RunAsync()
    {
        var sockets = scripts.Select(_ => new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 10_000 }).ToList();
        sockets.ForEach(socket => socket.Connect(endpoint));
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(scripts.Select((script, at) => Task.Factory.StartNew(() => Send(sockets[at], script), TaskCreationOptions.LongRunning)));
        var rate = scripts.Count * (double)lines / clock.Elapsed.TotalSeconds;
        sockets.ForEach(socket => socket.Dispose());
        return rate;
    }

    private void Send(Socket socket, byte[] script)
    {
        var lineBytes = script.Length / lines;
        var answers = new byte[64 * 1024];
        var (sent, answered) = (0, -extra);
        while (answered < lines)
        {
            var may = Math.Min(lines, Math.Max(answered, 0) + window) - sent;
            if (may >= window / 4 || (may > 0 && sent + may == lines))
            {
                Write(socket, script.AsSpan(sent * lineBytes, may * lineBytes));
                sent += may;
            }

            var count = socket.Receive(answers);
            var got = answers.AsSpan(0, count);
            if (count == 0 || got.IndexOf("mcp/error"u8) >= 0)
            {
                throw new InvalidOperationException("The node refused a message: " + System.Text.Encoding.UTF8.GetString(got));
            }

            answered += got.Count((byte)'\n');
        }
    }

    private static void Write(Socket socket, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            bytes = bytes[socket.Send(bytes)..];
        }
    }
}
