namespace Hydravisor.Actors.Hypervisors.Live;

/// <summary>A place for a domain that comes from another node as it runs: what that node's hypervisor has to know of it.</summary>
/// <param name="Kind">Of which kind the hypervisor is: only one of the same kind can send it anything.</param>
/// <param name="Place">Where the hypervisor listens for memory and disks, by the same name on both nodes.</param>
/// <param name="Definition">How the domain is defined there.</param>
internal sealed record Landing(string Kind, string Place, string Definition);
