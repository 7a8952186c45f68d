using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Sessions;

/// <summary>Wire records to commands, views to wire records. Pure.</summary>
internal static class Translation
{
    private const int ModelCharsMax = 200;
    private const int NodeCharsMax = 40;
    private static readonly Dictionary<string, string> NoLabels = [];

    /// <summary>The wishes of a <c>vm/create</c>, or what is impossible about them (422).</summary>
    public static (VmRequest? Request, string? Impossible) ToRequest(VmCreate create)
    {
        if (!TrySize("ram", create.Ram, out var ram, out var impossible) || !TrySize("disk", create.Disk, out var disk, out impossible))
        {
            return (null, impossible);
        }

        NetworkMode? network = create.Network switch
        {
            null or "none" => NetworkMode.None,
            "user" => NetworkMode.User,
            _ => null,
        };
        if (network is null)
        {
            return (null, $"network '{Shown(create.Network!)}' is not possible: \"none\" and \"user\" are");
        }

        if (create.Cpu is < 1 or > int.MaxValue)
        {
            return (null, $"cpu {create.Cpu} is not possible: a whole number from 1 is");
        }

        if (create.Model is { } model && (model.Length is 0 or > ModelCharsMax || model.Any(char.IsControl)))
        {
            return (null, $"model must be 1 to {ModelCharsMax} printable characters, such as \"ollama:llama3\"");
        }

        if (create.Meta?.Name is { } name && VmName.Check(name) is { } badName)
        {
            return (null, badName);
        }

        if (create.Meta?.Labels is { } labels && Label.Check(labels) is { } badLabels)
        {
            return (null, badLabels);
        }

        OnNodeLoss? onNodeLoss = create.OnNodeLoss == "restart" ? OnNodeLoss.Restart : null;
        if (onNodeLoss is null && create.OnNodeLoss is not (null or "wait"))
        {
            return (null, $"on_node_loss '{Shown(create.OnNodeLoss)}' is not possible: \"wait\" and \"restart\" are");
        }

        return ToPlacement(create.Placement) is var (placement, badPlacement) && badPlacement is not null
            ? (null, badPlacement)
            : (new VmRequest(
                create.Os, (int)(create.Cpu ?? 1), ram, disk, network.Value, create.Model, create.Meta?.Name,
                create.Meta?.RecordSession ?? false, create.Meta?.Labels ?? NoLabels, placement, onNodeLoss), null);
    }

    // One that asks for nothing is none.
    private static (PlacementWish? Placement, string? Impossible) ToPlacement(VmPlacement? placement)
    {
        var (node, labels, apart) = (placement?.Node, placement?.NodeLabels ?? NoLabels, placement?.AntiAffinity ?? NoLabels);
        if (node is { Length: 0 or > NodeCharsMax })
        {
            return (null, $"placement.node is the name of a node, 1 to {NodeCharsMax} characters; each vm/state names the one that has the VM");
        }

        return Label.Check(labels) is { } badLabels ? (null, "placement.node_labels: " + badLabels)
            : Label.Check(apart) is { } badApart ? (null, "placement.anti_affinity: " + badApart)
            : (node is null && labels.Count == 0 && apart.Count == 0 ? null : new PlacementWish(node, labels, apart), null);
    }

    /// <summary>The command of a message about one VM; null for those that are none.</summary>
    public static VmCommand? ToCommand(ClientMessage message) => message switch
    {
        VmDelete => new VmCommand.Delete(),
        VmStart => new VmCommand.Start(),
        VmStop stop => new VmCommand.Stop(stop.Force ?? false),
        VmSuspend => new VmCommand.Suspend(),
        VmResume => new VmCommand.Resume(),
        VmReboot => new VmCommand.Reboot(),
        VmAttachTerminal attach when TerminalRoleNames.TryParse(attach.Role, out var role) => new VmCommand.Attach(role),
        VmExec exec => ExecTranslation.ToCommand(exec),
        _ => null,
    };

    /// <summary>A view on the wire: an answer, or a broadcast with the phase before.</summary>
    public static VmStateMessage ToState(VmView view, string? requestId, bool broadcast = false, VmPhase? previous = null) => new()
    {
        InstanceId = view.Id.Value,
        State = view.Phase,
        Since = view.Since,
        Node = view.Node,
        Os = view.Os,
        Cpu = view.Vcpus,
        Ram = new ByteSize(view.RamBytes).ToString(),
        Disk = view.DiskBytes == 0 ? null : new ByteSize(view.DiskBytes).ToString(),
        Network = view.Network == NetworkMode.User ? "user" : "none",
        Name = view.Name,
        Model = view.Model,
        Labels = view.Labels.Count == 0 ? null : view.Labels,
        RecordSession = view.RecordSession ? true : null,
        OnNodeLoss = view.OnNodeLoss is OnNodeLoss.Restart ? "restart" : null,
        Incarnation = view.Incarnation,
        Revision = view.Revision,
        Reason = view.Reason,
        Owner = view.Owner,
        Broadcast = broadcast ? true : null,
        Previous = previous,
        Meta = ReplyMeta.For(requestId),
    };

    /// <summary>A VM's reply on the wire.</summary>
    public static ServerMessage ToAnswer(Pending pending, VmReply reply) => reply switch
    {
        VmReply.Granted granted when pending.Type == MessageTypes.VmState => ToState(granted.View, pending.RequestId),
        VmReply.Granted granted when pending.Type == MessageTypes.VmCreate => new VmCreated
        {
            InstanceId = granted.View.Id.Value,
            State = granted.View.Phase,
            Incarnation = granted.View.Incarnation,
            Meta = ReplyMeta.For(pending.RequestId),
        },
        VmReply.Granted granted => new OkReply(pending.Type)
        {
            InstanceId = granted.View.Id.Value,
            Incarnation = granted.View.Incarnation,
            Meta = ReplyMeta.For(pending.RequestId),
        },
        VmReply.Attached attached => new AttachReply
        {
            InstanceId = attached.View.Id.Value,
            Session = attached.Session,
            Mode = (attached.ReadOnly ? TerminalRole.Auditor : TerminalRole.Operator).ToMode(),
            Attach = attached.Command,
            Incarnation = attached.View.Incarnation,
            Meta = ReplyMeta.For(pending.RequestId),
        },
        VmReply.Executed executed => ExecTranslation.ToReply(pending, executed),
        VmReply.Denied denied => pending.Error(denied.Code, denied.Message, denied.Id?.Value),
        _ => throw new InvalidOperationException($"{reply.GetType().Name} has no form on the wire."),
    };

    private static bool TrySize(string field, string? text, out long bytes, out string? impossible)
    {
        bytes = 0;
        impossible = null;
        if (text is null)
        {
            return true;
        }

        if (!ByteSize.TryParse(text, out var size, out var error))
        {
            impossible = $"{field}: {error}";
            return false;
        }

        bytes = size.Bytes;
        if (bytes <= 0)
        {
            impossible = $"{field} \"{Shown(text)}\" is not possible: more than 0 is, for example \"512MB\"";
        }

        return impossible is null;
    }

    private static string Shown(string text) => text.Length <= 40 ? text : text[..40] + "…";
}
