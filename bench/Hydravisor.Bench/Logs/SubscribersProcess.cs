using System.IO.MemoryMappedFiles;
using System.Net;
using System.Net.Sockets;

namespace Hydravisor.Bench.Logs;

/// <summary>Many subscribers in a process of their own: one thread, one epoll, one buffer for all sockets; lines are counted by their mark
/// (vectorised) and not looked at. The same code for both sides, so each byte costs both the same.</summary>
internal static class SubscribersProcess
{
    /// <summary>The verb that it is started with.</summary>
    public const string Verb = "log-subscribers";

    /// <summary>What it says once all are subscribed.</summary>
    public const string Ready = "ready";

    private const int BufferBytes = 256 * 1024;

    /// <summary>Subscribes, and counts until standard input ends: until the process that started it is gone.</summary>
    /// <param name="endpoint">Of the peer.</param>
    /// <param name="count">How many subscribers.</param>
    /// <param name="counts">The file of their counts, eight bytes each.</param>
    /// <param name="subscription">How they subscribe.</param>
    public static void Run(IPEndPoint endpoint, int count, string counts, Subscription subscription)
    {
        using var file = MemoryMappedFile.CreateFromFile(counts, FileMode.Open);
        using var view = file.CreateViewAccessor();
        using var epoll = new Epoll();
        var sockets = new Socket[count];
        for (var i = 0; i < count; i++)
        {
            sockets[i] = subscription.Open(endpoint);
            sockets[i].Blocking = false;
            epoll.Watch(sockets[i], i);
        }

        new Thread(() => Read(epoll, sockets, view)) { IsBackground = true }.Start();
        Console.WriteLine(Ready);
        Console.In.ReadToEnd();
    }

    private static void Read(Epoll epoll, Socket[] sockets, MemoryMappedViewAccessor view)
    {
        var buffer = new byte[BufferBytes];
        var keys = new int[sockets.Length];
        var lines = new long[sockets.Length];
        while (true)
        {
            for (var i = epoll.Wait(keys) - 1; i >= 0; i--)
            {
                var key = keys[i];
                var read = sockets[key].Receive(buffer, SocketFlags.None, out var error);
                if (read > 0)
                {
                    lines[key] += buffer.AsSpan(0, read).Count(LogLine.Mark);
                    view.Write(key * sizeof(long), lines[key]);
                }
                else if (error != SocketError.WouldBlock)
                {
                    Console.Error.WriteLine($"Subscriber {key} was cut off after {lines[key]} lines: {error}.");
                    Environment.Exit(1);
                }
            }
        }
    }
}
