using System.Net;
using Hydravisor.Client;

namespace Hydravisor.EndToEnd.Tests.Chaos;

/// <summary>Where the node is now, for agents that lose it again and again. Safe for all threads.</summary>
internal sealed class Lifeline
{
    private readonly Lock _gate = new();
    private TaskCompletionSource<IPEndPoint> _there = New();

    /// <summary>The node serves there.</summary>
    public void Up(IPEndPoint endpoint)
    {
        lock (_gate)
        {
            _there.TrySetResult(endpoint);
        }
    }

    /// <summary>The node is gone.</summary>
    public void Down()
    {
        lock (_gate)
        {
            if (_there.Task.IsCompleted)
            {
                _there = New();
            }
        }
    }

    /// <summary>Connects to the node, or to the next one when this one is just dying.</summary>
    public async Task<HydravisorClient> ConnectAsync()
    {
        while (true)
        {
            Task<IPEndPoint> there;
            lock (_gate)
            {
                there = _there.Task;
            }

            var endpoint = await there;
            try
            {
                return await HydravisorClient.ConnectAsync(endpoint.Address.ToString(), endpoint.Port);
            }
            catch (HydravisorConnectionException)
            {
                await ChangedAsync(there);
            }
        }
    }

    private async Task ChangedAsync(Task<IPEndPoint> from)
    {
        while (true)
        {
            lock (_gate)
            {
                if (_there.Task != from)
                {
                    return;
                }
            }

            // The port answers no more, and whoever killed the node is about to say so.
            await Task.Delay(1);
        }
    }

    private static TaskCompletionSource<IPEndPoint> New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
