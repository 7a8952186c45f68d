using System.CommandLine;

namespace Hydravisor.Host.Verbs;

/// <summary><c>hydravisor node …</c>: the nodes, whether each is there, and whether it takes new VMs.</summary>
internal static class NodeVerbs
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    /// <summary>The group of verbs.</summary>
    public static Command Build()
    {
        var verb = new ClientVerb();
        var group = new Command("node", "See the nodes, and steer where new VMs go.")
        {
            verb.On(
                new Command("list", "List the nodes: whether each is there, and what it has to give"),
                async (call, stop) => NodeOutput.List(call, await call.Client.ListNodesAsync(stop))),
            Cordon(verb),
            Drain(verb),
            Resume(verb),
        };
        verb.AddTo(group);
        return group;
    }

    private static Argument<string> Target() => new("NODE") { Description = "The name of a node, as hydravisor node list shows it" };

    private static Command Cordon(ClientVerb verb)
    {
        var target = Target();
        var reason = Reason();
        return verb.On(
            new Command("cordon", "Let a node take no new VMs; those that it has run on") { target, reason },
            async (call, stop) => NodeOutput.Outcome(call, await call.Client.CordonAsync(call.Parsed.GetRequiredValue(target), call.Parsed.GetValue(reason), stop), "cordoned"));
    }

    private static Option<string?> Reason() => new("--reason") { Description = "Why, for those who ask for a VM and are refused", HelpName = "TEXT" };

    private static Command Drain(ClientVerb verb)
    {
        var (target, reason) = (Target(), Reason());
        var wait = new Option<bool>("--wait") { Description = "Return when no VM is left there" };
        return verb.On(
            new Command("drain", "Have a node's VMs moved to other nodes, one after another, each as it runs where that can be, else off while its disk is copied; node resume ends it") { target, reason, wait },
            async (call, stop) =>
            {
                var reply = await call.Client.DrainAsync(call.Parsed.GetRequiredValue(target), call.Parsed.GetValue(reason), stop);
                if (call.Parsed.GetValue(wait))
                {
                    await DrainedAsync(call, reply.Node, stop);
                    NodeOutput.Outcome(call, reply, "drained");
                }
                else
                {
                    NodeOutput.Outcome(call, reply, "is drained");
                }
            });
    }

    private static async Task DrainedAsync(VerbCall call, string name, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(LookEvery, call.Environment.Time);
        var told = "";
        do
        {
            // A node that is away for a moment is none that was drained.
            if ((await call.Client.ListNodesAsync(stop)).FirstOrDefault(node => node.Name == name) is { Room: not null } node)
            {
                switch (node.Drain)
                {
                    case null:
                        throw new VerbFailure($"{name} is not drained any more: somebody resumed or cordoned it.");
                    case { VmsLeft: 0 }:
                        return;
                    case { } drain when NodeOutput.Progress(name, drain) is var now && now != told:
                        call.Environment.Error.WriteLine(TerminalText.Of(told = now));
                        break;
                }
            }
        }
        while (await timer.WaitForNextTickAsync(stop));
    }

    private static Command Resume(ClientVerb verb)
    {
        var target = Target();
        return verb.On(
            new Command("resume", "Let a node take new VMs again, and keep those that it has") { target },
            async (call, stop) => NodeOutput.Outcome(call, await call.Client.ResumeNodeAsync(call.Parsed.GetRequiredValue(target), stop), "takes new VMs"));
    }
}
