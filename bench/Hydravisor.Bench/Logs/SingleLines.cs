using System.Diagnostics;
using System.Net.Sockets;

namespace Hydravisor.Bench.Logs;

/// <summary>One line at a time, to one subscriber: how long each takes to it.</summary>
internal static class SingleLines
{
    private const int LinesPerSecond = 100;
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(20);

    /// <summary>Runs one round.</summary>
    /// <returns>How long each line took from the write to the receipt, in microseconds.</returns>
    public static double[] Run(Side side)
    {
        using var socket = side.Subscription.Open(side.Endpoint);
        var count = (int)(Round.TotalSeconds * LinesPerSecond);
        var (said, came) = (new long[count], new long[count]);
        Exception? failure = null;
        var reader = new Thread(() => failure = Receive(socket, came)) { IsBackground = true };
        reader.Start();
        var from = Stopwatch.GetTimestamp();
        for (var number = 0; number < count; number++)
        {
            var line = LogLine.Bytes(side.Framed(LogLine.Of(number)));
            while (Stopwatch.GetElapsedTime(from).TotalSeconds * LinesPerSecond < number)
            {
                Thread.Sleep(1);
            }

            said[number] = Stopwatch.GetTimestamp();
            side.Say(line);
        }

        reader.Join();
        return failure is null
            ? [.. said.Zip(came, (start, end) => Stopwatch.GetElapsedTime(start, end).TotalMicroseconds)]
            : throw new InvalidOperationException("The lines did not come.", failure);
    }

    private static Exception? Receive(Socket socket, long[] came)
    {
        var buffer = new byte[64 * 1024];
        var (filled, next) = (0, 0);
        try
        {
            while (next < came.Length)
            {
                var read = socket.Receive(buffer.AsSpan(filled));
                var now = Stopwatch.GetTimestamp();
                filled += read > 0 ? read : throw new InvalidOperationException("The peer closed the connection.");
                if (LogLine.LastNumber(buffer.AsSpan(0, filled)) is { } last)
                {
                    for (; next <= last; next++)
                    {
                        came[next] = now;
                    }

                    var rest = buffer.AsSpan(0, filled).LastIndexOf(LogLine.Mark) + 1;
                    buffer.AsSpan(rest, filled - rest).CopyTo(buffer);
                    filled -= rest;
                }
            }

            return null;
        }
        catch (Exception e) when (e is SocketException or InvalidOperationException)
        {
            return e;
        }
    }
}
