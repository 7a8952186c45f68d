using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Hydravisor.Chaos.Histories;
using Polly;
using Polly.Retry;

namespace Hydravisor.Chaos.Clients;

/// <summary>A client that does this and that with VMs of its own, looks at those of others, and repeats what was not answered.</summary>
/// <param name="number">Which one.</param>
/// <param name="seed">What it chooses by.</param>
/// <param name="load">How much it asks for.</param>
/// <param name="nodes">Where the nodes listen; its own is that with its number.</param>
/// <param name="history">Where all is noted.</param>
/// <param name="sightings">What is known of all VMs.</param>
internal sealed class ChaosClient(int number, int seed, Load load, IReadOnlyList<(string Name, IPEndPoint At)> nodes, History history, Sightings sightings) : IAsyncDisposable
{
    private readonly Random _random = new(seed);
    private readonly Random _direction = new(~seed);
    private readonly SemaphoreSlim _connecting = new(1, 1);
    private readonly List<Task> _under = [];
    private readonly ConcurrentDictionary<OwnVm, byte> _vms = new();
    private readonly ConcurrentDictionary<string, long> _places = new();
    private ChaosConnection? _connection;
    private int _requests;

    /// <summary>Goes on until it is enough; what it began then, it ends.</summary>
    /// <param name="enough">It is enough.</param>
    /// <param name="giveUp">What is not answered by then is not asked again.</param>
    public async Task LiveAsync(CancellationToken enough, CancellationToken giveUp)
    {
        using var pace = new PeriodicTimer(load.Pace);
        try
        {
            while (await pace.WaitForNextTickAsync(enough))
            {
                _under.RemoveAll(task => task.IsCompletedSuccessfully);
                _under.Add(Step(giveUp));
            }
        }
        catch (OperationCanceledException) when (enough.IsCancellationRequested)
        {
            // It is enough.
        }

        try
        {
            await Task.WhenAll(_under);
        }
        catch (OperationCanceledException) when (giveUp.IsCancellationRequested)
        {
            // What is missing then is seen in the history.
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_connection is not null)
        {
            await _connection.DisposeAsync();
        }

        _connecting.Dispose();
    }

    // All chance is drawn before anything is awaited: only what is done depends on what happens, not what is drawn.
    private Task Step(CancellationToken giveUp)
    {
        var (die, pick) = (_random.Next(100), _random.Next());
        var (own, all) = (_vms.Keys.Where(vm => vm is { Id: not null, IsBusy: false }).OrderBy(vm => vm.Id, StringComparer.Ordinal).ToList(), sightings.Vms);
        return die switch
        {
            < 25 when _vms.Count < load.VmsEach => CreateAsync(giveUp),
            < 35 when own.Count > load.VmsEach / 2 => DeleteAsync(own[pick % own.Count], giveUp),
            < 65 when own.Count > 0 => ChangeAsync(own[pick % own.Count], pick / 1024, giveUp),
            < 80 when all.Count > 0 => LookAsync(Message("vm/state", all[pick % all.Count], ("query", true)), giveUp),
            < 86 => LookAsync(Message("vm/list"), giveUp),
            < 98 when all.Count > 0 => FollowAsync(all[pick % all.Count], giveUp),
            98 => HopAsync(),
            _ => LookAsync(Message("node/list"), giveUp),
        };
    }

    private async Task CreateAsync(CancellationToken giveUp)
    {
        var vm = new OwnVm { IsBusy = true };
        _vms.TryAdd(vm, 0);
        var requestId = NextRequestId();
        var message = Message("vm/create");
        message["os"] = "tiny";
        message["ram"] = load.Ram;
        message["meta"] = new JsonObject { ["name"] = requestId, ["labels"] = new JsonObject { ["client"] = number.ToString(CultureInfo.InvariantCulture) } };
        var answer = await InsistAsync(requestId, message, giveUp);
        (vm.Id, vm.IsBusy) = (answer?.Vm, false);
        if (answer is not { Code: 0 })
        {
            _vms.TryRemove(vm, out _);
        }
    }

    private async Task DeleteAsync(OwnVm vm, CancellationToken giveUp)
    {
        vm.IsBusy = true;
        _vms.TryRemove(vm, out _);
        await InsistAsync(NextRequestId(), Message("vm/delete", vm.Id), giveUp);
    }

    private async Task ChangeAsync(OwnVm vm, int pick, CancellationToken giveUp)
    {
        string[] possible = sightings.Of(vm.Id!)?.State switch
        {
            "running" => ["vm/suspend", "vm/stop", "vm/suspend", "vm/reboot", "vm/start"],
            "suspended" => ["vm/resume", "vm/resume", "vm/stop"],
            "stopped" => ["vm/start"],
            "failed" => ["vm/start"],
            _ => [],
        };
        if (possible.Length == 0)
        {
            await LookAsync(Message("vm/state", vm.Id, ("query", true)), giveUp);
            return;
        }

        vm.IsBusy = true;
        var type = possible[pick % possible.Length];
        await InsistAsync(NextRequestId(), type == "vm/stop" ? Message(type, vm.Id, ("force", pick % 2 == 0)) : Message(type, vm.Id), giveUp);
        vm.IsBusy = false;
    }

    private async Task LookAsync(JsonObject message, CancellationToken giveUp)
    {
        if (await ConnectedAsync(giveUp) is { } connection)
        {
            await connection.AskAsync(NextRequestId(), message);
        }
    }

    private async Task FollowAsync(string vm, CancellationToken giveUp)
    {
        if (await ConnectedAsync(giveUp) is { } connection && connection.Follows.TryAdd(vm, 0))
        {
            // Some begin at the start, some go on where they were.
            var from = _places.TryGetValue(vm, out var next) ? JsonValue.Create(next) : JsonValue.Create("start");
            var answer = await connection.AskAsync(NextRequestId(), Message("log/subscribe", vm, ("from", from)));
            if (answer is not { Code: 0 })
            {
                connection.Follows.TryRemove(vm, out _);
            }
        }
    }

    // As a client does that goes elsewhere.
    private async Task HopAsync()
    {
        if (_connection is { } connection)
        {
            await connection.DisposeAsync();
        }
    }

    /// <summary>Asks under one request id until it is decided; null: it never was.</summary>
    private async Task<Answered?> InsistAsync(string requestId, JsonObject message, CancellationToken giveUp)
    {
        var again = new ResiliencePipelineBuilder<Answered?>().AddRetry(new RetryStrategyOptions<Answered?>
        {
            MaxRetryAttempts = int.MaxValue,
            Delay = TimeSpan.FromMilliseconds(600),
            ShouldHandle = new PredicateBuilder<Answered?>().HandleResult(answer => answer is null or { Code: 503 or 408 }),
        }).Build();
        try
        {
            return await again.ExecuteAsync(
                async stop => await ConnectedAsync(stop) is { } connection ? await connection.AskAsync(requestId, message) : null, giveUp);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    /// <summary>The connection there is, or a new one; null where no node can be connected to now.</summary>
    private async Task<ChaosConnection?> ConnectedAsync(CancellationToken giveUp)
    {
        await _connecting.WaitAsync(giveUp);
        try
        {
            if (_connection is { IsOpen: true } there)
            {
                return there;
            }

            await LeaveAsync();

            // Most often its own, and others too: who repeats a request does so at another node.
            var order = nodes.Select((node, index) => (node, index)).OrderBy(pair => pair.index == number % nodes.Count ? _direction.Next(100) : _direction.Next(50, 100)).Select(pair => pair.node);
            foreach (var (name, at) in order)
            {
                if (await ChaosConnection.OpenAsync(history, sightings, _places, number, name, at) is { } connection)
                {
                    _connection = connection;
                    if (number % 2 == 0)
                    {
                        // Not awaited here: who waits for it waits for the connection.
                        _ = connection.AskAsync(NextRequestId(), Message("vm/state", "*", ("subscribe", true)));
                    }

                    return connection;
                }
            }

            return null;
        }
        finally
        {
            _connecting.Release();
        }
    }

    private async Task LeaveAsync()
    {
        if (_connection is { } before)
        {
            _connection = null;
            await before.DisposeAsync();
        }
    }

    private string NextRequestId() => string.Create(CultureInfo.InvariantCulture, $"c{number}-{Interlocked.Increment(ref _requests)}");

    private static JsonObject Message(string type, string? vm = null, params (string Field, JsonNode Value)[] more)
    {
        var message = new JsonObject { ["type"] = type };
        if (vm is not null)
        {
            message["instance_id"] = vm;
        }

        foreach (var (field, value) in more)
        {
            message[field] = value;
        }

        return message;
    }

    private sealed class OwnVm
    {
        /// <summary>Its id, once its creation was answered.</summary>
        public string? Id { get; set; }

        /// <summary>Whether something is being done to it: one thing after another, so that what was acknowledged has an order.</summary>
        public bool IsBusy { get; set; }
    }
}
