using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Hydravisor.Actors.Tests.Cluster;

/// <summary>The way to a port of this machine: it can break, and hold what is sent until it is told to go on.</summary>
internal sealed class HeldWay : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly ConcurrentBag<Socket> _open = [];
    private readonly Task _serving;
    private TaskCompletionSource _goes = Gone();
    private TaskCompletionSource _knocked = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public HeldWay()
    {
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        Target = LocalPort.Free();
        _serving = ServeAsync();
    }

    /// <summary>Where it begins.</summary>
    public int Port { get; }

    /// <summary>Where it leads.</summary>
    public int Target { get; }

    /// <summary>Comes when somebody has come to a way that holds.</summary>
    public Task Knocked => Volatile.Read(ref _knocked).Task;

    /// <summary>Breaks all connections, as the system does for a process that is killed, and holds those that come.</summary>
    /// <param name="isReset">Whether it had not read all that was sent to it: what it had sent is lost too then.</param>
    public void BreakAndHold(bool isReset)
    {
        Volatile.Write(ref _knocked, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        Volatile.Write(ref _goes, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        while (_open.TryTake(out var socket))
        {
            if (isReset)
            {
                socket.Close(timeout: 0);
            }
            else
            {
                End(socket);
            }
        }
    }

    /// <summary>Lets all go on that it holds.</summary>
    public void Go() => Volatile.Read(ref _goes).TrySetResult();

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Stop();
        BreakAndHold(isReset: true);
        Go();
        await _serving;
        _end.Dispose();
    }

    private static TaskCompletionSource Gone()
    {
        var gone = new TaskCompletionSource();
        gone.SetResult();
        return gone;
    }

    private static void End(Socket socket)
    {
        try
        {
            socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It ended already.
        }
    }

    private async Task ServeAsync()
    {
        List<Task> served = [];
        try
        {
            while (true)
            {
                served.Add(ServeAsync(await _listener.AcceptSocketAsync(_end.Token)));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(served);
        }
    }

    private async Task ServeAsync(Socket near)
    {
        using var far = new Socket(SocketType.Stream, ProtocolType.Tcp);
        _open.Add(near);
        try
        {
            Volatile.Read(ref _knocked).TrySetResult();
            await Volatile.Read(ref _goes).Task;
            await far.ConnectAsync(IPAddress.Loopback, Target, _end.Token);
            _open.Add(far);
            await using NetworkStream toNear = new(near), toFar = new(far);
            await Task.WhenAny(toNear.CopyToAsync(toFar, _end.Token), toFar.CopyToAsync(toNear, _end.Token));
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // Either end is gone, and so is the other.
        }
        finally
        {
            near.Dispose();
        }
    }
}
