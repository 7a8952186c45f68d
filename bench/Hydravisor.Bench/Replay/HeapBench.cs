using System.Runtime;
using Akka.Actor;
using Hydravisor.Actors.Hypervisors.Simulated;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Setup;
using Hydravisor.Actors.Setup.Health;
using Hydravisor.EndToEnd.Tests.Harness;

namespace Hydravisor.Bench.Replay;

/// <summary>The managed heap of VMs that have recovered and do nothing, in this process.</summary>
/// <remarks>Hypervisor and terminals are stand-ins that remember nothing, so that all that is counted is the node's own.</remarks>
internal static class HeapBench
{
    /// <summary>Measures.</summary>
    /// <returns>Bytes for each VM, over those of a node without VMs.</returns>
    public static async Task<double> BytesPerVmAsync(int vms)
    {
        // The first one only for what is made once in a process.
        await HeapOfAsync(1);
        var without = await HeapOfAsync(0);
        return (await HeapOfAsync(vms) - without) / (double)vms;
    }

    private static async Task<long> HeapOfAsync(int vms)
    {
        using var directory = new TestDirectory();
        var path = directory.Path;
        WrittenNode.Write(path, vms, withDomains: false);
        var config = NodeConfig.Load(Path.Combine(AppContext.BaseDirectory, "hocon"), "development", variable => variable switch
        {
            "HYDRAVISOR_DATA" => path,
            "HYDRAVISOR_LISTEN" => "127.0.0.1:0",
            _ => null,
        });
        using var data = DataDirectory.Open(path, "");
        var hypervisor = new StandingHypervisor(data.NodeName, vms);
        using var system = ActorSystem.Create(
            Node.SystemName, Akka.Configuration.ConfigurationFactory.ParseString("akka.loglevel = WARNING")
                .WithFallback(NodeConfig.WithJournal(config, new JournalAddress.SqliteFile(data.Journal))));
        var settings = NodeSettings.Read(config);
        await using var access = await NodeAccess.OpenAsync(settings, TimeProvider.System, _ => { });
        await Node.StartAsync(
            system, settings, data.NodeName, access.Control, tls: null, hypervisor, new StandingTerminals(), new SimulatedImages(),
            new NodeHealth(data.NodeName, settings.Hypervisor, isClustered: false, TimeProvider.System), TimeProvider.System);
        await hypervisor.AllLookedAtAsync;
        var heap = await SettledHeapAsync();
        await system.Terminate();
        return heap;
    }

    // Recovery leaves timers and pools that go by themselves: until two looks agree.
    private static async Task<long> SettledHeapAsync()
    {
        var before = long.MaxValue;
        while (true)
        {
            await Task.Delay(TimeSpan.FromSeconds(2));
            GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
            var now = GC.GetTotalMemory(forceFullCollection: true);
            if (before - now < now / 200)
            {
                return now;
            }

            before = now;
        }
    }
}
