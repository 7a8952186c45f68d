using System.CommandLine;
using Hydravisor.Client;
using Hydravisor.Protocol;

namespace Hydravisor.Host.Verbs;

/// <summary><c>hydravisor vm watch [VM]</c>: every change of one VM or of all, until interrupted.</summary>
internal static class VmWatchVerb
{
    /// <summary>The verb.</summary>
    public static Command Build(ClientVerb verb)
    {
        var target = VmVerbs.Target();
        target.Arity = ArgumentArity.ZeroOrOne;
        target.Description += "; none: all";
        return verb.On(
            new Command("watch", "Show every change of a VM, or of all, until interrupted; with -o json one object a line")
            {
                target,
            },
            async (call, stop) =>
            {
                var text = call.Parsed.GetValue(target);
                var id = text is null ? VmStateQuery.Every : await VmTarget.ResolveAsync(call.Client, text, stop);
                await WatchAsync(call, id, stop);
            });
    }

    private static async Task WatchAsync(VerbCall call, string id, CancellationToken stop)
    {
        IReadOnlyList<VmStateMessage> first = id == VmStateQuery.Every
            ? await call.Client.FollowAllAsync(stop)
            : [await call.Client.FollowAsync(id, stop)];
        await ShowAsync(call, id, first, stop);
    }

    /// <summary>Shows what is new until the connection ends, or the one VM does.</summary>
    private static async Task ShowAsync(VerbCall call, string id, IReadOnlyList<VmStateMessage> first, CancellationToken stop)
    {
        var seen = new Dictionary<string, long>(StringComparer.Ordinal);
        bool IsOver(VmStateMessage state)
        {
            // Answers and broadcasts cross on the way: only what is newer is news, and whether its node answers, which is no event of the VM.
            if (!seen.TryGetValue(state.InstanceId, out var revision) || state.Revision > revision || VmPhase.Unreachable == state.State || VmPhase.Unreachable == state.Previous)
            {
                seen[state.InstanceId] = state.Revision;
                call.Output.News(state);
            }

            return state.State == VmPhase.Deleted && state.InstanceId == id;
        }

        if (first.Any(IsOver))
        {
            return;
        }

        var lost = 0L;
        await foreach (var state in call.Client.Broadcasts.ReadAllAsync(stop))
        {
            if (IsOver(state))
            {
                return;
            }

            if (call.Client.BroadcastsLost is var now && now > lost)
            {
                await call.Environment.Error.WriteLineAsync(
                    $"hydravisor: {now - lost} changes were missed, since they came faster than they could be shown.");
                lost = now;
            }
        }

        throw new HydravisorConnectionException("The connection to the node was lost.");
    }
}
