using Hydravisor.Actors.Hypervisors.Images;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hosts;

/// <summary>Whether a node can make what is asked for. Pure.</summary>
internal static class CreateCheck
{
    /// <summary>The draft of a VM with the defaults filled in, or what is impossible about the request.</summary>
    public static (VmSpecDraft? Draft, string? Impossible) Draft(VmRequest request, IImages images, HostSettings settings)
    {
        if (images.Find(request.Os) is not { } image)
        {
            var names = string.Join(", ", images.Names);
            return (null, $"os '{request.Os}' is not an image of this node; there are: {(names.Length == 0 ? "none" : names)}");
        }

        var ram = request.RamBytes == 0 ? Math.Max(settings.RamDefaultBytes, image.RamMinBytes) : request.RamBytes;
        var sized = request with { RamBytes = ram };
        return Impossible(sized, settings, image.RamMinBytes, image.DiskBytes) is { } impossible
            ? (null, impossible)
            : (new VmSpecDraft(sized, image, request.Digest()), null);
    }

    /// <summary>What is impossible about a request, said so that it can be mended; null when nothing is.</summary>
    /// <param name="request">The request.</param>
    /// <param name="settings">The node's limits.</param>
    /// <param name="ramMinBytes">The least memory that the image boots with.</param>
    /// <param name="diskMinBytes">The size of the image's disk; 0 for an image without.</param>
    public static string? Impossible(VmRequest request, HostSettings settings, long ramMinBytes, long diskMinBytes)
    {
        if (request.Vcpus < 1 || request.Vcpus > settings.VcpusMax)
        {
            return $"cpu {request.Vcpus} is not possible: 1 to {settings.VcpusMax} are";
        }

        if (request.RamBytes < ramMinBytes || request.RamBytes > settings.RamMaxBytes)
        {
            return $"ram {new ByteSize(request.RamBytes)} is not possible for {request.Os}: {new ByteSize(ramMinBytes)} to {new ByteSize(settings.RamMaxBytes)} are";
        }

        if (request.DiskBytes != 0 && (request.DiskBytes < diskMinBytes || request.DiskBytes > settings.DiskMaxBytes))
        {
            return $"disk {new ByteSize(request.DiskBytes)} is not possible for {request.Os}: {new ByteSize(Math.Max(diskMinBytes, 1 << 20))} to {new ByteSize(settings.DiskMaxBytes)} are";
        }

        return null;
    }
}
