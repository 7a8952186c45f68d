using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Harness;

/// <summary>A test with nodes of its own. They end with it, and what they wrote stands beside a failure.</summary>
public abstract class EndToEndTest(ITestOutputHelper output) : IAsyncLifetime
{
    private readonly List<NodeUnderTest> _nodes = [];

    /// <summary>Where a test says what a person should know of its run.</summary>
    protected ITestOutputHelper Say { get; } = output;

    /// <summary>Prepares a node.</summary>
    protected NodeUnderTest NewNode(NodeOptions? options = null)
    {
        var node = new NodeUnderTest(options ?? NodeOptions.Usual);
        _nodes.Add(node);
        return node;
    }

    /// <summary>Does something over a connection of its own.</summary>
    private protected static async Task<T> DoAsync<T>(NodeUnderTest node, Func<RawConnection, Task<T>> work)
    {
        await using var connection = await node.ConnectAsync();
        return await work(connection);
    }

    /// <summary>A node that serves.</summary>
    protected async Task<NodeUnderTest> StartNodeAsync(NodeOptions? options = null)
    {
        var node = NewNode(options);
        await node.StartAsync();
        return node;
    }

    /// <inheritdoc/>
    public virtual Task InitializeAsync() => Task.CompletedTask;

    /// <inheritdoc/>
    public virtual async Task DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            Say.WriteLine(node.Output.Tail);
            await node.DisposeAsync();
        }
    }
}
