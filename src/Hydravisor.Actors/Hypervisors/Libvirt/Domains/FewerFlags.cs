using Hydravisor.Libvirt;

namespace Hydravisor.Actors.Hypervisors.Libvirt.Domains;

/// <summary>Calls with flags that not every driver knows.</summary>
internal static class FewerFlags
{
    /// <summary>Makes the call with the first flags that are not refused.</summary>
    /// <param name="call">The call.</param>
    /// <param name="flags">The flags, those that are wanted most first.</param>
    /// <exception cref="LibvirtException">The call failed otherwise, or with the last flags.</exception>
    public static void Try<TFlags>(Action<TFlags> call, params ReadOnlySpan<TFlags> flags)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                call(flags[attempt]);
                return;
            }
            catch (LibvirtException e) when (attempt < flags.Length - 1 && (e.IsUnsupported || e.Code == LibvirtErrorCode.InvalidArg))
            {
                // This driver does not know one of them.
            }
        }
    }
}
