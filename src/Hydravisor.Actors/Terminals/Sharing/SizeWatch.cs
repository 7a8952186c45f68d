using Hydravisor.Protocol;

namespace Hydravisor.Actors.Terminals.Sharing;

/// <summary>Keeps looking at the sizes of terminals that are recorded, also while nobody streams them: people in tmux change them too. Safe for all threads.</summary>
/// <param name="shared">The terminals; they tell of sizes.</param>
internal sealed class SizeWatch(NodeTerminals shared)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<InstanceId, TerminalViewer> _viewers = [];

    /// <summary>Looks at a VM's terminal from now on. Harmless when it does.</summary>
    public void Begin(InstanceId id)
    {
        lock (_gate)
        {
            if (_viewers.TryGetValue(id, out var before) && before.Ended is null)
            {
                return;
            }

            before?.Dispose();
            TerminalViewer? viewer = null;
            viewer = _viewers[id] = shared.Attach(id, TerminalRole.Auditor, null, () => Pass(viewer));
            Pass(viewer);
        }
    }

    /// <summary>Looks no more. Harmless when it does not.</summary>
    public void End(InstanceId id)
    {
        lock (_gate)
        {
            if (_viewers.Remove(id, out var viewer))
            {
                viewer.Dispose();
            }
        }
    }

    // What is shown is nothing to it; but only who takes gets a new screen, and with that its size.
    private static void Pass(TerminalViewer? viewer)
    {
        while (viewer?.TryTake(out _) == true)
        {
        }
    }
}
