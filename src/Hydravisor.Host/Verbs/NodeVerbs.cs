using System.CommandLine;

namespace Hydravisor.Host.Verbs;

/// <summary><c>hydravisor node …</c>: the nodes, whether each is there, and whether it takes new VMs.</summary>
internal static class NodeVerbs
{
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
            Resume(verb),
        };
        verb.AddTo(group);
        return group;
    }

    private static Argument<string> Target() => new("NODE") { Description = "The name of a node, as hydravisor node list shows it" };

    private static Command Cordon(ClientVerb verb)
    {
        var target = Target();
        var reason = new Option<string?>("--reason") { Description = "Why, for those who ask for a VM and are refused", HelpName = "TEXT" };
        return verb.On(
            new Command("cordon", "Let a node take no new VMs; those that it has run on") { target, reason },
            async (call, stop) => NodeOutput.Outcome(call, await call.Client.CordonAsync(call.Parsed.GetRequiredValue(target), call.Parsed.GetValue(reason), stop), "cordoned"));
    }

    private static Command Resume(ClientVerb verb)
    {
        var target = Target();
        return verb.On(
            new Command("resume", "Let a node take new VMs again") { target },
            async (call, stop) => NodeOutput.Outcome(call, await call.Client.ResumeNodeAsync(call.Parsed.GetRequiredValue(target), stop), "takes new VMs"));
    }
}
