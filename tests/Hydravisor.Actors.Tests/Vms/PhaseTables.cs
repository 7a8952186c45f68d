using System.Text;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Tests.Vms;

/// <summary>What each command and each sighting means in each situation, for people to read and approve.</summary>
public sealed class PhaseTables
{
    private static readonly (string Name, VmCommand Command)[] Commands =
    [
        ("create again", VmStory.Create()),
        ("create, other wishes", VmStory.Create("digest-2")),
        ("start", new VmCommand.Start()),
        ("stop", new VmCommand.Stop(Forced: false)),
        ("stop by force", new VmCommand.Stop(Forced: true)),
        ("suspend", new VmCommand.Suspend()),
        ("resume", new VmCommand.Resume()),
        ("reboot", new VmCommand.Reboot()),
        ("delete", new VmCommand.Delete()),
        ("attach", new VmCommand.Attach(TerminalRole.Operator)),
        ("type", new VmCommand.Type([13])),
        ("run a program", new VmCommand.Exec(["/bin/true"], null, 30)),
    ];

    private static readonly (string Name, Func<VmState, VmObservation> Make)[] Sightings =
    [
        ("the domain runs", state => Seen(state, Power.Running, run: state.Run)),
        ("the domain runs, started anew", state => Seen(state, Power.Running, run: state.Run + 1)),
        ("the domain stands still", state => Seen(state, Power.Paused, run: state.Run)),
        ("the domain stands still, started anew", state => Seen(state, Power.Paused, run: state.Run + 1)),
        ("the domain is off: the guest's doing", state => Seen(state, Power.Off, OffReason.Shutdown)),
        ("the domain is off: destroyed", state => Seen(state, Power.Off, OffReason.Destroyed)),
        ("the domain is off: QEMU died", state => Seen(state, Power.Off, OffReason.Crashed)),
        ("the domain is off, nobody knows why", state => Seen(state, Power.Off)),
        ("there is no domain", state => Seen(state, Power.Missing)),
        ("the machine was reset", _ => new VmObservation.Reset()),
        ("the guest shows life", state => new VmObservation.Alive(state.Incarnation, "console")),
        ("no sign of life in time", state => new VmObservation.BootOverdue(state.Incarnation, TimeSpan.FromSeconds(120))),
        ("the operation is done", state => End(state, Outcome.Done)),
        ("the operation failed", state => End(state, Outcome.Failed("it failed"))),
        ("the operation's outcome is not known", state => End(state, Outcome.Unavailable("the line broke"))),
        ("the operation took too long",
            state => new VmObservation.Overdue(state.Operation?.Number ?? 0, state.Operation?.Forced ?? false, TimeSpan.FromSeconds(60))),
    ];

    [Fact]
    public void Each_command_in_each_situation_is_answered_as_approved() => Golden.Check(
        "Vms/phase-by-command.golden",
        Table(Commands.Select(command => (command.Name, (Func<VmStory, string>)(story => Answer(story, command.Command))))));

    [Fact]
    public void Each_sighting_in_each_situation_means_what_was_approved() => Golden.Check(
        "Vms/phase-by-sighting.golden",
        Table(Sightings.Select(sighting => (sighting.Name, (Func<VmStory, string>)(story => Meaning(story, sighting.Make(story.State)))))));

    private static string Table(IEnumerable<(string Name, Func<VmStory, string> Cell)> columns)
    {
        var text = new StringBuilder();
        foreach (var (situation, make) in VmStory.All)
        {
            text.Append(situation).Append('\n');
            foreach (var (name, cell) in columns)
            {
                text.Append("    ").Append(name.PadRight(38)).Append(cell(make())).Append('\n');
            }

            text.Append('\n');
        }

        return text.ToString();
    }

    private static string Answer(VmStory story, VmCommand command) => story.Decide(command) switch
    {
        VmDecision.Denied denied => $"no {(int)denied.Code}: {denied.Message}",
        VmDecision.Already => "yes, as it is or is about to be",
        VmDecision.Accepted { Events.Count: 0 } => "yes",
        VmDecision.Accepted accepted => "yes: " + Change(story.State, accepted.Events),
        var other => throw new InvalidOperationException($"{other} is no answer."),
    };

    private static string Meaning(VmStory story, VmObservation observation) =>
        story.Observe(observation) is { Count: > 0 } events ? Change(story.State, events) : "-";

    private static string Change(VmState before, IReadOnlyList<IVmEvent> events)
    {
        var after = events.Aggregate(before, (state, e) => VmFold.Apply(state, e, Samples.Noon));
        var phase = after.Phase == before.Phase && before.Id is not null ? "still " + after.Phase.ToWireName() : after.Phase.ToWireName();
        var boot = after.Incarnation == before.Incarnation ? "" : $", incarnation {after.Incarnation}";
        var reason = after.Reason is { } text ? $" ({text})" : "";
        var effects = VmEffects.Between(before, after).Select(Words).ToList();
        return phase + boot + reason + (effects.Count == 0 ? "" : "; " + string.Join(", ", effects));
    }

    private static string Words(VmEffect effect) => effect switch
    {
        VmEffect.Perform { Operation: { Kind: OperationKind.Provision } } => "make disk and domain",
        VmEffect.Perform { Operation: { Kind: OperationKind.Boot } } => "start the domain",
        VmEffect.Perform { Operation: { Kind: OperationKind.Suspend } } => "stop the processors",
        VmEffect.Perform { Operation: { Kind: OperationKind.Resume } } => "let the processors run",
        VmEffect.Perform { Operation: { Kind: OperationKind.Reboot, Forced: false } } => "ask the guest to reboot",
        VmEffect.Perform { Operation: { Kind: OperationKind.Reboot, Forced: true } } => "reset the machine",
        VmEffect.Perform { Operation: { Kind: OperationKind.Stop, Forced: false } } => "ask the guest to power off",
        VmEffect.Perform { Operation: { Kind: OperationKind.Stop, Forced: true } } => "end the domain's run",
        VmEffect.Perform { Operation: { Kind: OperationKind.Delete } } => "close the terminal, remove domain and files",
        VmEffect.AwaitLife => "wait for a sign of life",
        VmEffect.AwaitLifeNoMore => "wait for life no more",
        VmEffect.Look => "look at the domain",
        VmEffect.OpenTerminal => "open the terminal",
        _ => throw new InvalidOperationException($"{effect} has no words."),
    };

    private static VmObservation.Seen Seen(VmState state, Power power, OffReason off = OffReason.Unknown, long run = 0) =>
        new VmObservation.Seen(state.Revision, Behind: true, VmStory.Sight(power, off, run));

    private static VmObservation.Ended End(VmState state, Outcome outcome) => new VmObservation.Ended(
        state.Operation?.Number ?? 0, state.Operation?.Kind ?? OperationKind.Boot, state.Operation?.Forced ?? false, outcome, Run: state.Run + 1);
}
