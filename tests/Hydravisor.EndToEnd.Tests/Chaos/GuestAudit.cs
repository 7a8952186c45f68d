using Hydravisor.Actors.Hypervisors.Simulated;
using Hydravisor.EndToEnd.Tests.Harness;
using Hydravisor.Protocol;

namespace Hydravisor.EndToEnd.Tests.Chaos;

/// <summary>Holds what was done to the guests against what their agents asked for. The log of operations is the guests' own side of it.</summary>
internal static class GuestAudit
{
    /// <summary>Checks all guests.</summary>
    public static void Verify(SimulatedWorld world, IReadOnlyCollection<ChaosVm> vms)
    {
        var byId = vms.Where(vm => vm.Id is not null).ToDictionary(vm => vm.Id!);
        foreach (var guest in world.Operations.GroupBy(operation => operation.Id.Value))
        {
            Assert.True(byId.TryGetValue(guest.Key, out var vm), $"{guest.Key} is on the hypervisor and nobody's.");
            Verify(vm, [.. guest]);
        }
    }

    private static void Verify(ChaosVm vm, List<SimulatedOperation> done)
    {
        string Story() => string.Join('\n', done.Select(operation => operation.ToLine()))
            + "\nasked: " + string.Join(", ", vm.Wishes.Select(wish => $"{wish.At:O} {wish.Type}"));
        void Must(bool so, string what) => Assert.True(so, $"{vm.Id}: {what}\n{Story()}");

        Must(done.Count(operation => operation.Effect == SimulatedEffect.Defined) == 1, "it was not defined exactly once");
        Must(done.Count(operation => operation.Effect == SimulatedEffect.Undefined) <= 1, "it was undefined twice");
        Must(done.All(operation => operation.By != SimulatedBy.Outside), "somebody else was there");
        var starts = done.Where(operation => operation.Effect == SimulatedEffect.Started).Select(operation => operation.Boot).ToList();
        Must(starts.SequenceEqual(starts.Distinct().Order()), "it was started twice for one boot, or for an earlier boot");
        Must(starts.Count <= 1 + vm.Wishes.Count(wish => wish.Type == MessageTypes.VmStart), "it was started more often than anybody asked");
        var up = default(DateTimeOffset);
        foreach (var operation in done)
        {
            bool Asked(params string[] types) => vm.Wishes.Any(wish =>
                types.Contains(wish.Type) && wish.At <= operation.At && (wish.At >= up || wish.Type == MessageTypes.VmDelete));
            switch (operation.Effect)
            {
                case SimulatedEffect.Started:
                    up = operation.At;
                    break;
                case SimulatedEffect.PoweredOff or SimulatedEffect.Destroyed or SimulatedEffect.Killed:
                    Must(Asked(MessageTypes.VmStop, MessageTypes.VmDelete), $"it went off at {operation.At:O}, and nobody had asked");
                    break;
                case SimulatedEffect.Reset:
                    Must(Asked(MessageTypes.VmReboot), $"it was reset at {operation.At:O}, and nobody had asked");
                    break;
                case SimulatedEffect.Suspended:
                    Must(Asked(MessageTypes.VmSuspend), $"it was suspended at {operation.At:O}, and nobody had asked");
                    break;
                case SimulatedEffect.Undefined:
                    Must(Asked(MessageTypes.VmDelete), $"it was removed at {operation.At:O}, and nobody had asked");
                    break;
            }
        }
    }
}
