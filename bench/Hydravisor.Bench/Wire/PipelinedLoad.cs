using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Hydravisor.Bench.Wire;

/// <summary>Connections that keep a window of the same request unanswered each. As cheap as can be: it shares the machine with what it measures.</summary>
/// <remarks>Blocking sockets on threads of their own; answers are counted by their line feeds and not read.</remarks>
internal sealed class PipelinedLoad(IPEndPoint endpoint, byte[] request, int connections, int window)
{
    private long _answers;
    private volatile bool _over;

    /// <summary>Runs for a time.</summary>
    /// <returns>Answers a second.</returns>
    public async Task<double> RunAsync(TimeSpan warmUp, TimeSpan time)
    {
        var failures = new List<Exception>();
        var threads = Enumerable.Range(0, connections).Select(_ => new Thread(() => Guard(failures)) { IsBackground = true }).ToList();
        threads.ForEach(thread => thread.Start());
        await Task.Delay(warmUp);
        var (before, clock) = (Interlocked.Read(ref _answers), Stopwatch.StartNew());
        await Task.Delay(time);
        var rate = (Interlocked.Read(ref _answers) - before) / clock.Elapsed.TotalSeconds;
        _over = true;
        threads.ForEach(thread => thread.Join());
        return failures.Count == 0 ? rate : throw new AggregateException(failures);
    }

    private void Guard(List<Exception> failures)
    {
        try
        {
            Connection();
        }
        catch (Exception e) when (e is SocketException or InvalidOperationException)
        {
            lock (failures)
            {
                failures.Add(e);
            }
        }
    }

    private void Connection()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 10_000 };
        socket.Connect(endpoint);
        var requests = Enumerable.Repeat(request, window).SelectMany(line => line).ToArray();
        var answers = new byte[64 * 1024];
        var owed = window;
        while (!_over)
        {
            // Not line by line: a client that pipelines sends what it has by then, and each send is a call.
            if (owed >= window / 4)
            {
                Send(socket, requests.AsSpan(0, owed * request.Length));
                owed = 0;
            }

            var count = socket.Receive(answers);
            if (count == 0)
            {
                throw new InvalidOperationException("The peer closed the connection.");
            }

            var lines = answers.AsSpan(0, count).Count((byte)'\n');
            owed += lines;
            Interlocked.Add(ref _answers, lines);
        }
    }

    private static void Send(Socket socket, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            bytes = bytes[socket.Send(bytes)..];
        }
    }
}
