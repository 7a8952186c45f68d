using Hydravisor.Libvirt;

namespace Hydravisor.Actors.Hypervisors.Libvirt;

/// <summary>What libvirt says, as the reason of an outcome.</summary>
internal static class LibvirtWords
{
    private const int LengthMax = 400;

    /// <summary>One line, of bounded length: QEMU's last words can be many.</summary>
    public static string Of(LibvirtException error)
    {
        var line = error.LibvirtMessage.ReplaceLineEndings(" ").Trim();
        return line.Length <= LengthMax ? line : line[..LengthMax] + "…";
    }
}
