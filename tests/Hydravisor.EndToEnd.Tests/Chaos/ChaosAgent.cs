using System.Globalization;
using Hydravisor.Client;
using Hydravisor.EndToEnd.Tests.Harness;
using Hydravisor.Protocol;

namespace Hydravisor.EndToEnd.Tests.Chaos;

/// <summary>An agent that does this and that with VMs of its own, loses its node at any instant, and repeats what was not answered.</summary>
internal sealed class ChaosAgent(int number, int seed, Lifeline node, CancellationToken enough) : IAsyncDisposable
{
    private const int VmsMax = 5;
    private readonly Random _random = new(seed);
    private readonly Dictionary<string, string> _label = new() { ["agent"] = number.ToString(CultureInfo.InvariantCulture) };
    private HydravisorClient? _client;
    private int _requests;

    /// <summary>All that it ever made.</summary>
    public List<ChaosVm> Vms { get; } = [];

    /// <summary>How many requests were acknowledged.</summary>
    public int Acknowledged { get; private set; }

    /// <summary>How many requests had to be repeated.</summary>
    public int Repeated { get; private set; }

    /// <summary>Goes on until it is enough; what it began then, it ends.</summary>
    public async Task LiveAsync()
    {
        while (!enough.IsCancellationRequested)
        {
            await StepAsync();
        }
    }

    /// <summary>Waits until each of its VMs is what it must be, and holds the node's list against its own.</summary>
    public async Task SettleAsync()
    {
        foreach (var vm in Vms)
        {
            await ReachAsync(vm);
        }

        await AtNodeAsync(async client => await CompareAsync(client, settled: true));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_client is not null)
        {
            await _client.DisposeAsync();
        }
    }

    private async Task StepAsync()
    {
        var mine = Vms.Where(vm => !vm.Deleted).ToList();
        if (mine.Count == 0 || (mine.Count < VmsMax && _random.Next(4) == 0))
        {
            await CreateAsync();
            return;
        }

        var vm = mine[_random.Next(mine.Count)];
        if (_random.Next(8) != 0)
        {
            await ReachAsync(vm);
        }
        else
        {
            // Whatever it is doing: a deletion is always possible.
            await DoAsync(vm, new VmDelete { InstanceId = vm.Id! });
            return;
        }

        InstanceMessage[] possible = vm.Goal switch
        {
            VmPhase.Running =>
            [
                new VmSuspend { InstanceId = vm.Id! }, new VmReboot { InstanceId = vm.Id! }, new VmStop { InstanceId = vm.Id! },
                new VmStop { InstanceId = vm.Id!, Force = true },
            ],
            VmPhase.Suspended => [new VmResume { InstanceId = vm.Id! }, new VmStop { InstanceId = vm.Id!, Force = true }],
            _ => [new VmStart { InstanceId = vm.Id! }],
        };
        await DoAsync(vm, possible[_random.Next(possible.Length)]);
    }

    private async Task CreateAsync()
    {
        var vm = new ChaosVm(NextRequestId());
        Vms.Add(vm);
        vm.Wishes.Add(new Wish(TimeProvider.System.GetUtcNow(), MessageTypes.VmCreate));
        var labels = new Dictionary<string, string>(_label) { ["key"] = vm.Key };
        var create = new VmCreate { Os = "tiny", Ram = "32MB", Meta = new MessageMeta { RequestId = vm.Key, Name = vm.Key, Labels = labels } };
        await RepeatedAsync(async client =>
        {
            var created = await client.CreateAsync(create);
            Assert.True(vm.Id is null || vm.Id == created.InstanceId, $"{vm.Key} was {vm.Id} and is now {created.InstanceId}.");
            vm.Id = created.InstanceId;
        });
    }

    private async Task DoAsync(ChaosVm vm, InstanceMessage message)
    {
        vm.Wishes.Add(new Wish(TimeProvider.System.GetUtcNow(), message.Type));
        var identified = message with { Meta = new MessageMeta { RequestId = NextRequestId() } };
        (vm.Goal, vm.Incarnation) = message switch
        {
            VmSuspend => (VmPhase.Suspended, vm.Incarnation),
            VmResume => (VmPhase.Running, vm.Incarnation),
            VmReboot => (VmPhase.Running, vm.SeenIncarnation + 1),
            VmStop => (VmPhase.Stopped, vm.Incarnation),
            VmStart => (VmPhase.Running, vm.SeenIncarnation + 1),
            _ => (VmPhase.Deleted, vm.Incarnation),
        };
        await RepeatedAsync(async client =>
        {
            try
            {
                await SendAsync(client, vm, identified);
            }
            catch (HydravisorException e) when (e.Code == ErrorCode.Conflict && IsRepeated)
            {
                // The first answer was lost; that the VM already is, or was, what it should become is for the settling to judge.
            }
        });
        vm.MayRebootTwice = message is VmReboot && IsRepeated;
        vm.Deleted |= message is VmDelete;
    }

    // A reboot whose first answer was lost is asked for again, and may come twice: the VM looks as it must after the first.
    private async Task SendAsync(HydravisorClient client, ChaosVm vm, InstanceMessage message)
    {
        while (true)
        {
            try
            {
                await client.SendAsync<OkReply>(message);
                return;
            }
            catch (HydravisorException e) when (e.Code == ErrorCode.Conflict && vm.MayRebootTwice && !IsRepeated)
            {
                await Task.Delay(5, CancellationToken.None);
            }
        }
    }

    /// <summary>Waits until the VM is what it must be.</summary>
    private Task ReachAsync(ChaosVm vm) => AtNodeAsync(async client =>
    {
        try
        {
            await client.WaitForStateAsync(vm.Id!, vm.IsThere).InTimeAsync($"{vm.Id} is {vm.Goal} in incarnation {vm.Incarnation} or later");
        }
        catch (HydravisorException e) when (e.Code == ErrorCode.NotFound && vm.Deleted)
        {
            // It is gone, as it must be.
        }
    });

    /// <summary>Holds the node's list against what the agent knows: nothing lost, nothing twice.</summary>
    private async Task CompareAsync(HydravisorClient client, bool settled)
    {
        var listed = await client.ListAsync(_label);
        var byKey = listed.ToLookup(state => state.Labels!["key"]);
        Assert.All(byKey, same => Assert.Single(same));
        foreach (var vm in Vms)
        {
            var there = byKey[vm.Key].SingleOrDefault();
            if (vm.Goal == VmPhase.Deleted && !vm.Deleted)
            {
                // Asked for and not yet acknowledged: it may be so or so.
                continue;
            }

            if (vm.Deleted)
            {
                Assert.True(there is null || (!settled && there.State == VmPhase.Deleting), $"{vm.Id} was deleted and is {there?.State}.");
            }
            else if (vm.Id is not null)
            {
                Assert.True(there is not null, $"{vm.Id} ({vm.Key}) was acknowledged and is not in the list.");
                Assert.Equal(vm.Id, there.InstanceId);
                vm.See(there);
            }
        }

        Assert.Empty(byKey.Select(same => same.Key).Except(Vms.Select(vm => vm.Key)));
    }

    private bool IsRepeated { get; set; }

    // Until it is answered; the same request id each time.
    private async Task RepeatedAsync(Func<HydravisorClient, Task> request)
    {
        IsRepeated = false;
        await AtNodeAsync(async client =>
        {
            try
            {
                await request(client);
            }
            catch (Exception e) when (IsOfTheMoment(e))
            {
                IsRepeated = true;
                Repeated++;
                throw;
            }
        });
        Acknowledged++;
    }

    private async Task AtNodeAsync(Func<HydravisorClient, Task> work)
    {
        while (true)
        {
            try
            {
                if (_client is null)
                {
                    _client = await node.ConnectAsync().InTimeAsync("a node to connect to");
                    await CompareAsync(_client, settled: false);
                }

                await work(_client);
                return;
            }
            catch (HydravisorConnectionException)
            {
                await _client!.DisposeAsync();
                _client = null;
            }
            catch (HydravisorException e) when (e.Code == ErrorCode.Unavailable)
            {
                // A part is not up yet; nothing was done.
                await Task.Delay(5, CancellationToken.None);
            }
        }
    }

    private static bool IsOfTheMoment(Exception e) => e is HydravisorConnectionException or HydravisorException { Code: ErrorCode.Unavailable };

    private string NextRequestId() => string.Create(CultureInfo.InvariantCulture, $"a{number}-{++_requests}");
}
