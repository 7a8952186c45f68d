using System.Globalization;
using Hydravisor.Client;
using Hydravisor.EndToEnd.Tests.Harness;
using Hydravisor.Libvirt;
using Hydravisor.Protocol;
using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Qemu;

/// <summary>A test with real guests: the node on libvirt, QEMU and tmux. Whatever it leaves in libvirt is removed with it.</summary>
public abstract class QemuTest(ITestOutputHelper output) : EndToEndTest(output)
{
    private readonly List<NodeUnderTest> _real = [];

    /// <summary>Where the built images are.</summary>
    protected static string Images { get; } = Environment.GetEnvironmentVariable("HYDRAVISOR_IMAGES") ?? "/var/lib/hydravisor/images";

    /// <inheritdoc/>
    public override async Task DisposeAsync()
    {
        var ours = _real.Select(node => Path.Combine(node.Data, "vms")).ToList();
        await base.DisposeAsync();
        foreach (var vms in ours)
        {
            RemoveDomains(vms);
        }
    }

    /// <summary>A node on real hypervisor and terminals that serves.</summary>
    protected async Task<NodeUnderTest> StartRealNodeAsync(string? images = null)
    {
        var node = NewNode(new NodeOptions
        {
            Hypervisor = "libvirt",
            // Emulated guests take memory as they touch it, and a small machine must have room for the document's 4 GB.
            Conf = $"hydravisor {{ accel = tcg, host.ram-overcommit = 4.0, images.directory = \"{images ?? Images}\" }}",
        });
        _real.Add(node);
        await node.StartAsync();
        return node;
    }

    /// <summary>Creates a VM and waits until its guest lives.</summary>
    protected static async Task<string> CreateRunningAsync(HydravisorClient client, string os = "tiny", string? requestId = null)
    {
        var created = await client.CreateAsync(
            new VmCreate { Os = os, Cpu = os == "tiny" ? 1 : 2, Meta = requestId is null ? null : new MessageMeta { RequestId = requestId } });
        await ReachAsync(client, created.InstanceId, VmPhase.Running);
        return created.InstanceId;
    }

    /// <summary>Waits for a phase; ends at once where the VM failed instead.</summary>
    protected static async Task<VmStateMessage> ReachAsync(HydravisorClient client, string id, VmPhase phase, long incarnation = 0)
    {
        var state = await client.WaitForStateAsync(id, state => state.State == VmPhase.Failed || (state.State == phase && state.Incarnation >= incarnation))
            .InTimeAsync($"{id} is {phase.ToWireName()}");
        Assert.True(state.State == phase, $"{id} is {state.State.ToWireName()}: {state.Reason}");
        return state;
    }

    /// <summary>Runs virsh.</summary>
    protected static Task<string> VirshAsync(params string[] arguments) => Run.CheckedAsync("virsh", ["-q", "-c", "qemu:///system", .. arguments]);

    /// <summary>The name of a VM's domain.</summary>
    protected static string Domain(string id) => $"hydravisor-{id}";

    /// <summary>The QEMU process of a VM.</summary>
    protected static int QemuPid(string id) =>
        int.Parse(File.ReadAllText($"/run/libvirt/qemu/{Domain(id)}.pid"), CultureInfo.InvariantCulture);

    /// <summary>All that a deleted VM must not have left: domain, process, files, terminal session.</summary>
    protected static async Task MustHaveLeftNothingAsync(NodeUnderTest node, string id)
    {
        Assert.DoesNotContain(id, await VirshAsync("list", "--all", "--name"), StringComparison.Ordinal);
        Assert.False(File.Exists($"/run/libvirt/qemu/{Domain(id)}.pid"));
        Assert.False(Directory.Exists(Path.Combine(node.Data, "vms", id)));
        Assert.Empty(Directory.GetFiles(Path.Combine(node.Data, "run"), $"{id}*"));
        Assert.Equal(1, (await Run.AnyAsync("pgrep", "-f", id)).Code);
    }

    private static void RemoveDomains(string vmsDirectory)
    {
        using var connection = LibvirtConnection.Open("qemu:///system");
        foreach (var domain in connection.ListAllDomains())
        {
            using (domain)
            {
                if (domain.GetXml(DomainXmlFlags.None).Contains(vmsDirectory + "/", StringComparison.Ordinal))
                {
                    if (domain.IsActive)
                    {
                        domain.Destroy(DomainDestroyFlags.None);
                    }

                    domain.Undefine(DomainUndefineFlags.Everything);
                }
            }
        }
    }
}
