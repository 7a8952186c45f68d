using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Hydravisor.Protocol;

namespace Hydravisor.Host.Verbs;

/// <summary><c>hydravisor vm …</c>: what people and scripts do with VMs, over the line protocol as any agent would.</summary>
internal static class VmVerbs
{
    private static readonly TimeSpan WaitDefault = TimeSpan.FromMinutes(5);

    /// <summary>The group of verbs.</summary>
    public static Command Build()
    {
        var verb = new ClientVerb();
        var group = new Command("vm", "Make, see and steer VMs.")
        {
            List(verb),
            Info(verb),
            VmCreateVerb.Build(verb),
            Lifecycle(
                verb, "start", "Boot a stopped VM",
                (call, id, stop) => call.Client.StartAsync(id, stop), _ => VmGoal.Phase(VmPhase.Running)),
            Stop(verb),
            Lifecycle(
                verb, "suspend", "Let the guest's processors stand still; its memory is kept",
                (call, id, stop) => call.Client.SuspendAsync(id, stop), _ => VmGoal.Phase(VmPhase.Suspended)),
            Lifecycle(
                verb, "resume", "Let a suspended guest go on",
                (call, id, stop) => call.Client.ResumeAsync(id, stop), _ => VmGoal.Phase(VmPhase.Running)),
            Lifecycle(
                verb, "reboot", "Boot the guest anew",
                (call, id, stop) => call.Client.RebootAsync(id, stop), reply => VmGoal.RunningAfter(reply.Incarnation ?? 0)),
            Lifecycle(
                verb, "delete", "Remove a VM with its disk and terminal session",
                (call, id, stop) => call.Client.DeleteAsync(id, stop), _ => VmGoal.Phase(VmPhase.Deleted)),
            Attach(verb),
            VmTerminalVerb.Build(verb),
            VmLogsVerb.Build(verb),
            VmExecVerb.Build(verb),
            VmWatchVerb.Build(verb),
        };
        verb.AddTo(group);
        return group;
    }

    /// <summary>The VM that a verb is for.</summary>
    public static Argument<string> Target() =>
        new("VM") { Description = "An instance id, the unique beginning of one, or a name" };

    /// <summary><c>--wait</c> and how long.</summary>
    public static (Option<bool> Wait, Option<double> Timeout) WaitOptions(string goal)
    {
        var timeout = new Option<double>("--timeout")
        {
            Description = "With --wait: how many seconds at most",
            HelpName = "SECONDS",
            DefaultValueFactory = _ => WaitDefault.TotalSeconds,
            CustomParser = Seconds,
        };
        return (new Option<bool>("--wait") { Description = $"Return when the VM is {goal}" }, timeout);
    }

    /// <summary>Labels as a person writes them, <c>k=v</c>, any number of times.</summary>
    public static Option<string[]> LabelOption(string description, string name = "--label")
    {
        var option = new Option<string[]>(name)
        {
            Description = description,
            HelpName = "KEY=VALUE",
            DefaultValueFactory = _ => [],
        };
        option.Validators.Add(given =>
        {
            foreach (var wrong in given.Tokens.Where(token => token.Value.IndexOf('=', StringComparison.Ordinal) <= 0))
            {
                given.AddError($"{name} {wrong.Value}: it must be KEY=VALUE, such as team=red.");
            }
        });
        return option;
    }

    /// <summary>The labels of such an option; of one key the last counts.</summary>
    public static IReadOnlyDictionary<string, string>? Labels(string[]? given)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var pair in given ?? [])
        {
            var sign = pair.IndexOf('=', StringComparison.Ordinal);
            labels[pair[..sign]] = pair[(sign + 1)..];
        }

        return labels.Count == 0 ? null : labels;
    }

    /// <summary><c>--role</c> at a terminal.</summary>
    public static Option<string> RoleOption() => new Option<string>("--role")
    {
        Description = "operator reads and types, auditor reads only",
        DefaultValueFactory = _ => TerminalRole.Operator.ToWireName(),
    }.AcceptOnlyFromAmong([.. Enum.GetValues<TerminalRole>().Select(each => each.ToWireName())]);

    /// <summary>Parses a whole number.</summary>
    public static long? WholeNumber(ArgumentResult given)
    {
        if (long.TryParse(given.Tokens[0].Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
        {
            return number;
        }

        given.AddError($"\"{given.Tokens[0].Value}\" must be a whole number, such as 2.");
        return null;
    }

    private static double Seconds(ArgumentResult given)
    {
        if (double.TryParse(given.Tokens[0].Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds)
            && seconds is > 0 and <= 86_400)
        {
            return seconds;
        }

        given.AddError($"--timeout {given.Tokens[0].Value}: it must be more than 0 and at most 86400 seconds.");
        return 0;
    }

    private static Command List(ClientVerb verb)
    {
        var label = LabelOption("Only VMs with this label; may be given several times");
        var state = new Option<string?>("--state") { Description = "Only VMs in this state" }
            .AcceptOnlyFromAmong([.. VmPhaseNames.All]);
        return verb.On(new Command("list", "List VMs") { label, state }, async (call, stop) =>
        {
            VmPhase? phase = VmPhaseNames.TryParse(call.Parsed.GetValue(state), out var wanted) ? wanted : null;
            call.Output.List(await call.Client.ListAsync(Labels(call.Parsed.GetValue(label)), phase, stop));
        });
    }

    private static Command Info(ClientVerb verb)
    {
        var target = Target();
        return verb.On(new Command("info", "Show all about one VM") { target }, async (call, stop) =>
        {
            var id = await VmTarget.ResolveAsync(call.Client, call.Parsed.GetRequiredValue(target), stop);
            call.Output.Info(await call.Client.GetStateAsync(id, stop));
        });
    }

    private static Command Stop(ClientVerb verb)
    {
        var force = new Option<bool>("--force") { Description = "Pull the plug instead of asking the guest" };
        var command = Lifecycle(
            verb, "stop", "Ask the guest to power off",
            (call, id, stop) => call.Client.StopAsync(id, call.Parsed.GetValue(force), stop), _ => VmGoal.Phase(VmPhase.Stopped));
        command.Options.Add(force);
        return command;
    }

    private static Command Lifecycle(
        ClientVerb verb,
        string name,
        string summary,
        Func<VerbCall, string, CancellationToken, Task<OkReply>> ask,
        Func<OkReply, VmGoal> goalOf)
    {
        var target = Target();
        var (wait, timeout) = WaitOptions("there");
        return verb.On(new Command(name, summary) { target, wait, timeout }, async (call, stop) =>
        {
            var id = await VmTarget.ResolveAsync(call.Client, call.Parsed.GetRequiredValue(target), stop);
            var reply = await ask(call, id, stop);
            if (!call.Parsed.GetValue(wait))
            {
                call.Output.Outcome(reply, id, $"{name} accepted");
                return;
            }

            var goal = goalOf(reply);
            var state = await VmWait.UntilAsync(call, id, goal, TimeSpan.FromSeconds(call.Parsed.GetValue(timeout)), stop);
            call.Output.Outcome(state ?? (ServerMessage)reply, id, state?.State.ToWireName() ?? goal.Name);
        });
    }

    private static Command Attach(ClientVerb verb)
    {
        var target = Target();
        var role = RoleOption();
        var command = new Command("attach", "Open the VM's terminal here (on the node's machine); with -o json only say how")
        {
            target, role,
        };
        return verb.On(command, async (call, stop) =>
        {
            var id = await VmTarget.ResolveAsync(call.Client, call.Parsed.GetRequiredValue(target), stop);
            _ = TerminalRoleNames.TryParse(call.Parsed.GetValue(role), out var wanted);
            var reply = await call.Client.AttachAsync(id, wanted, stop);
            if (call.Output.IsJson)
            {
                call.Output.Outcome(reply, id, reply.Attach);
                return;
            }

            // The session may last for hours; nothing is wanted from the node meanwhile.
            await call.Client.DisposeAsync();
            var exitCode = await call.Environment.Shell(reply.Attach);
            if (exitCode != 0)
            {
                throw new VerbFailure(
                    $"The terminal ended with {exitCode}. It can be opened on the node's own machine only, "
                    + $"there with: {reply.Attach}");
            }
        });
    }
}
