namespace Hydravisor.Libvirt.Tests.Support;

public static class Limits
{
    /// <summary>The one time limit of all waiting: generous, since it is met only when a test fails.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
}
