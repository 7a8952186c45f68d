using Hydravisor.Actors.Hypervisors.Libvirt.Domains;
using Hydravisor.Bench.State;
using Hydravisor.EndToEnd.Tests.Harness;
using Hydravisor.Libvirt;

namespace Hydravisor.Bench.Create;

/// <summary>A node on real libvirt, and a connection of the bench's own beside it. However it ends, no domain of the node is left behind.</summary>
internal sealed class LibvirtNode : IAsyncDisposable
{
    private LibvirtNode(NodeUnderTest node, LibvirtConnection libvirt)
    {
        (Node, Libvirt) = (node, libvirt);
        AppDomain.CurrentDomain.ProcessExit += RemoveAll;
    }

    /// <summary>The node.</summary>
    public NodeUnderTest Node { get; }

    /// <summary>The bench's own connection.</summary>
    public LibvirtConnection Libvirt { get; }

    /// <summary>Starts it, on this machine's images (<c>HYDRAVISOR_IMAGES</c>).</summary>
    public static async Task<LibvirtNode> StartAsync()
    {
        var images = Environment.GetEnvironmentVariable("HYDRAVISOR_IMAGES") is { Length: > 0 } set ? set : "/var/lib/hydravisor/images";
        var node = new NodeUnderTest(new NodeOptions
        {
            Hypervisor = "libvirt",
            Conf = $"hydravisor.images.directory = \"{images}\"",
        });
        try
        {
            await node.StartAsync();
            return new LibvirtNode(node, LibvirtConnection.Open(IdleDomain.Uri));
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= RemoveAll;
        RemoveAll(null, EventArgs.Empty);
        Libvirt.Dispose();
        await Node.DisposeAsync();
    }

    // What bears the mark of this node was made here.
    private void RemoveAll(object? sender, EventArgs e)
    {
        var nodeName = File.ReadAllText(Path.Combine(Node.Data, "node-name")).Trim();
        foreach (var domain in Libvirt.ListAllDomains())
        {
            using (domain)
            {
                if (MarkOf(domain)?.Node != nodeName)
                {
                    continue;
                }

                if (domain.IsActive)
                {
                    domain.Destroy(DomainDestroyFlags.None);
                }

                domain.Undefine(DomainUndefineFlags.None);
            }
        }
    }

    private static DomainMark? MarkOf(LibvirtDomain domain)
    {
        try
        {
            return DomainMark.Read(domain);
        }
        catch (LibvirtException)
        {
            // It is somebody else's and went away meanwhile.
            return null;
        }
    }
}
