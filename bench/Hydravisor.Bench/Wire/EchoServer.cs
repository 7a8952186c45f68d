using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;

namespace Hydravisor.Bench.Wire;

/// <summary>The least that a server of lines can do: each line is answered by a line of the same size as the node's, without being read.</summary>
internal static class EchoServer
{
    /// <summary>What it says before its port.</summary>
    public const string Listening = "listening on ";

    /// <summary>Serves until standard input ends: until the process that started it is gone.</summary>
    public static async Task RunAsync(int answerBytes)
    {
        var answer = new byte[answerBytes];
        answer.AsSpan().Fill((byte)'x');
        answer[^1] = (byte)'\n';
        using var listener = new Socket(SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        Console.WriteLine(Listening + listener.LocalEndPoint);
        _ = AcceptAsync(listener, answer);
        await Console.In.ReadToEndAsync();
    }

    private static async Task AcceptAsync(Socket listener, byte[] answer)
    {
        while (true)
        {
            _ = ServeAsync(await listener.AcceptAsync(), answer);
        }
    }

    private static async Task ServeAsync(Socket socket, byte[] answer)
    {
        socket.NoDelay = true;
        await using var stream = new NetworkStream(socket, ownsSocket: true);
        var reader = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 64 * 1024));
        var writer = PipeWriter.Create(stream, new StreamPipeWriterOptions(minimumBufferSize: 64 * 1024));
        try
        {
            while (await reader.ReadAsync() is { IsCompleted: false } read)
            {
                for (var left = Lines(read.Buffer); left > 0; left--)
                {
                    writer.Write(answer);
                }

                reader.AdvanceTo(read.Buffer.End);
                await writer.FlushAsync();
            }
        }
        catch (IOException)
        {
            // The client is gone.
        }
    }

    private static int Lines(in ReadOnlySequence<byte> buffer)
    {
        var count = 0;
        foreach (var segment in buffer)
        {
            count += segment.Span.Count((byte)'\n');
        }

        return count;
    }
}
