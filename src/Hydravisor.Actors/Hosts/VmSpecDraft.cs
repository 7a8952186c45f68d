using Hydravisor.Actors.Hypervisors.Images;
using Hydravisor.Actors.Vms;

namespace Hydravisor.Actors.Hosts;

/// <summary>A VM's spec but for the name, which the registry gives.</summary>
internal sealed record VmSpecDraft(VmRequest Request, ImageOffer Image, string Digest)
{
    /// <summary>The spec under that name.</summary>
    public VmSpec Spec(string name) =>
        new(name, Request.Os, Request.Vcpus, Request.RamBytes, Request.DiskBytes, Request.Network, Request.Model, Request.Labels,
            Request.RecordSession, Image.Ref, Request.Placement, Request.OnNodeLoss);

    /// <summary>What the registry is asked for.</summary>
    public RegistryWish Wish(string agent, string? requestId) =>
        new(Request.Name, agent, requestId, Digest, Request.Os, Request.Vcpus, Request.RamBytes, Request.DiskOver(Image.DiskBytes))
        {
            Labels = Request.Labels.Count == 0 ? null : Request.Labels,
            Placement = Request.Placement,
        };
}
