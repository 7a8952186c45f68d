namespace Hydravisor.Actors.Access;

/// <summary>The most that one agent may have in a role, of all its VMs together; null: the role sets no limit.</summary>
/// <param name="Vcpus">Virtual processors.</param>
/// <param name="RamBytes">Memory.</param>
/// <param name="DiskBytes">Disk.</param>
/// <param name="Vms">VMs at once.</param>
/// <param name="MessagesPerSecond">Messages in a second.</param>
/// <param name="LogSubscriptions">Logs followed at once.</param>
internal sealed record RoleLimits(
    int? Vcpus = null, long? RamBytes = null, long? DiskBytes = null, int? Vms = null, int? MessagesPerSecond = null, int? LogSubscriptions = null)
{
    /// <summary>No limit.</summary>
    public static RoleLimits None { get; } = new();

    /// <summary>The rule that a denial for too many messages names.</summary>
    public static string MessagesRule(string role) => $"roles.{role}.limits.messages-per-second";

    /// <summary>The rule that a denial for too many logs names.</summary>
    public static string LogsRule(string role) => $"roles.{role}.limits.log-subscriptions";
}
