using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Hydravisor.Bench.Wire;

/// <summary>One connection with one request at a time.</summary>
internal sealed class SingleQueries : IDisposable
{
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 10_000 };
    private readonly byte[] _request;
    private readonly byte[] _answer = new byte[64 * 1024];

    /// <summary>Connects.</summary>
    public SingleQueries(IPEndPoint endpoint, byte[] request)
    {
        _request = request;
        _socket.Connect(endpoint);
    }

    /// <summary>Asks once.</summary>
    /// <returns>The answer, with its line feed.</returns>
    public ReadOnlySpan<byte> Ask()
    {
        _socket.Send(_request);
        var count = 0;
        while (count == 0 || _answer[count - 1] != '\n')
        {
            var more = _socket.Receive(_answer.AsSpan(count));
            count += more > 0 ? more : throw new InvalidOperationException("The peer closed the connection.");
        }

        return _answer.AsSpan(0, count);
    }

    /// <summary>Asks again and again.</summary>
    /// <returns>How long each answer took, in microseconds.</returns>
    public double[] Time(int times)
    {
        var took = new double[times];
        for (var i = 0; i < times; i++)
        {
            var from = Stopwatch.GetTimestamp();
            Ask();
            took[i] = Stopwatch.GetElapsedTime(from).TotalMicroseconds;
        }

        return took;
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();
}
