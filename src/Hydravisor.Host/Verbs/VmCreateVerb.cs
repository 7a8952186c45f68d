using System.CommandLine;
using Hydravisor.Protocol;

namespace Hydravisor.Host.Verbs;

/// <summary><c>hydravisor vm create OS …</c></summary>
internal static class VmCreateVerb
{
    /// <summary>The verb. What is possible is for the node to judge; here only the form of the command line is checked.</summary>
    public static Command Build(ClientVerb verb)
    {
        var os = new Argument<string>("OS") { Description = "An image of the node, such as tiny or debian-12" };
        var cpu = new Option<long?>("--cpu")
        {
            Description = "Virtual processors (1)",
            HelpName = "N",
            CustomParser = VmVerbs.WholeNumber,
        };
        var ram = new Option<string?>("--ram") { Description = "Memory, such as 512MB or 4GB", HelpName = "SIZE" };
        var disk = new Option<string?>("--disk") { Description = "Size of the disk, such as 20GB", HelpName = "SIZE" };
        var network = new Option<string?>("--network") { Description = "none (no device at all), or user (NAT to the outside)" }.AcceptOnlyFromAmong("none", "user");
        var model = new Option<string?>("--model")
        {
            Description = "Handed to the guest, such as ollama:llama3",
            HelpName = "PROVIDER:NAME",
        };
        var name = new Option<string?>("--name") { Description = "1 to 40 of a-z, 0-9 and -", HelpName = "NAME" };
        var label = VmVerbs.LabelOption("A mark to find the VM by; may be given several times");
        var placement = PlacementOptions();
        var record = new Option<bool>("--record") { Description = "Record the terminal session" };
        var requestId = new Option<string?>("--request-id")
        {
            Description = "A key of your own: repeated with the same one it makes nothing new and returns the same VM",
            HelpName = "KEY",
        };
        var (wait, timeout) = VmVerbs.WaitOptions("running");
        var command = new Command("create", "Make a VM and boot it")
        {
            os, cpu, ram, disk, network, model, name, label, placement.Node, placement.NodeLabel, placement.ApartFrom, placement.OnLoss, record, requestId, wait, timeout,
        };
        return verb.On(command, async (call, stop) =>
        {
            var parsed = call.Parsed;
            var created = await call.Client.CreateAsync(
                new VmCreate
                {
                    Os = parsed.GetRequiredValue(os),
                    Cpu = parsed.GetValue(cpu),
                    Ram = parsed.GetValue(ram),
                    Disk = parsed.GetValue(disk),
                    Network = parsed.GetValue(network),
                    Model = parsed.GetValue(model),
                    Placement = PlacementOf(
                        parsed.GetValue(placement.Node), VmVerbs.Labels(parsed.GetValue(placement.NodeLabel)), VmVerbs.Labels(parsed.GetValue(placement.ApartFrom))),
                    OnNodeLoss = parsed.GetValue(placement.OnLoss),
                    Meta = new MessageMeta
                    {
                        RequestId = parsed.GetValue(requestId),
                        Name = parsed.GetValue(name),
                        RecordSession = parsed.GetValue(record) ? true : null,
                        Labels = VmVerbs.Labels(parsed.GetValue(label)),
                    },
                },
                stop);
            await ReportAsync(call, created, parsed.GetValue(wait), TimeSpan.FromSeconds(parsed.GetValue(timeout)), stop);
        });
    }

    private static (Option<string?> Node, Option<string[]> NodeLabel, Option<string[]> ApartFrom, Option<string?> OnLoss) PlacementOptions() => (
        new Option<string?>("--node") { Description = "The node that shall make it (any)", HelpName = "NODE" },
        VmVerbs.LabelOption("A label that the node must bear; may be given several times", "--node-label"),
        VmVerbs.LabelOption("Not on a node that has a VM with this label; given several times: with all of them", "--apart-from"),
        new Option<string?>("--on-node-loss") { Description = "When its node is lost: wait for it (wait), or start it anew on another, with a new disk (restart)" }.AcceptOnlyFromAmong("wait", "restart"));

    private static VmPlacement? PlacementOf(string? node, IReadOnlyDictionary<string, string>? labels, IReadOnlyDictionary<string, string>? apartFrom) =>
        node is null && labels is null && apartFrom is null ? null : new VmPlacement { Node = node, NodeLabels = labels, AntiAffinity = apartFrom };

    private static async Task ReportAsync(VerbCall call, VmCreated created, bool wait, TimeSpan timeout, CancellationToken stop)
    {
        if (!wait)
        {
            call.Output.Outcome(created, created.InstanceId, created.State.ToWireName());
            return;
        }

        var state = await VmWait.UntilAsync(call, created.InstanceId, VmGoal.Phase(VmPhase.Running), timeout, stop);
        call.Output.Outcome(state!, created.InstanceId, state!.State.ToWireName());
    }
}
