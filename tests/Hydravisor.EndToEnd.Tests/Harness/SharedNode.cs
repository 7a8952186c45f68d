using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Harness;

/// <summary>One node with the usual settings for all tests that leave it as they found it.</summary>
public sealed class SharedNode : IAsyncLifetime
{
    /// <summary>The node.</summary>
    public NodeUnderTest Node { get; } = new(NodeOptions.Usual);

    /// <inheritdoc/>
    public Task InitializeAsync() => Node.StartAsync();

    /// <inheritdoc/>
    public async Task DisposeAsync() => await Node.DisposeAsync();
}

/// <summary>The tests that share it.</summary>
[CollectionDefinition(Name)]
public sealed class SharedNodeCollection : ICollectionFixture<SharedNode>
{
    /// <summary>Its name.</summary>
    public const string Name = "shared node";
}

/// <summary>A test on the shared node; what the node wrote meanwhile stands beside a failure.</summary>
[Collection(SharedNodeCollection.Name)]
public abstract class SharedNodeTest : IAsyncLifetime
{
    private readonly ITestOutputHelper _output;
    private readonly int _from;
    private readonly List<RawConnection> _connections = [];

    /// <summary>Made by xunit.</summary>
    protected SharedNodeTest(SharedNode shared, ITestOutputHelper output)
    {
        _output = output;
        Node = shared.Node;
        _from = Node.Output.Count;
    }

    /// <summary>The node.</summary>
    protected NodeUnderTest Node { get; }

    /// <inheritdoc/>
    public Task InitializeAsync() => Task.CompletedTask;

    /// <inheritdoc/>
    public async Task DisposeAsync()
    {
        foreach (var connection in _connections)
        {
            await connection.DisposeAsync();
        }

        foreach (var line in Node.Output.From(_from))
        {
            _output.WriteLine(line);
        }
    }

    /// <summary>A connection that ends with the test.</summary>
    private protected async Task<RawConnection> ConnectAsync()
    {
        var connection = await Node.ConnectAsync();
        _connections.Add(connection);
        return connection;
    }
}
