using System.Globalization;
using System.Text.Json.Nodes;
using Hydravisor.Actors.Audit;
using Hydravisor.Actors.Audit.Bundles;
using Hydravisor.Protocol;

namespace Hydravisor.Host.Verbs;

/// <summary>What an audit came to, on stdout: lines for people, objects for programs.</summary>
internal sealed class AuditOutput(VerbEnvironment environment, bool json)
{
    private static readonly string[] Headers = ["TIME", "STREAM", "NUMBER", "EVENT", "AGENT", "ROLE", "REQUEST", "RULE", "DETAIL"];
    private const int DetailChars = 200;
    private static readonly int[] Widths = [28, 32, 6, 22, 16, 10, 16, 18, 0];

    /// <summary>The check of a journal.</summary>
    public void Check(string journal, JournalCheck check)
    {
        if (json)
        {
            var value = Json(check);
            value.Insert(0, "journal", journal);
            Write(value);
            return;
        }

        Lines(check);
    }

    /// <summary>The check of a bundle.</summary>
    public void Bundle(string file, BundleCheck check)
    {
        if (json)
        {
            var value = Json(check.Journal);
            value.Insert(0, "bundle", file);
            value["problems"] = new JsonArray([.. check.Problems.Select(problem => JsonValue.Create(problem))]);
            value["vms"] = new JsonArray([.. check.Manifest.Vms.Select(vm => new JsonObject { ["id"] = vm.Id, ["image"] = vm.Image, ["image_sha256"] = vm.ImageSha256 })]);
            Write(value);
            return;
        }

        foreach (var problem in check.Problems)
        {
            environment.Output.WriteLine(TerminalText.Of(problem));
        }

        environment.Output.WriteLine(TerminalText.Of(
            $"a bundle of the node {check.Manifest.Node}, of {Time(check.Manifest.MadeAt)}: {check.Manifest.Vms.Count} VMs, {check.Manifest.Files.Count} files, "
            + check.Problems.Count switch { 0 => "all as they were exported", 1 => "1 problem", var many => $"{Number(many)} problems" }));
        Lines(check.Journal);
    }

    private static JsonObject Json(JournalCheck check) => new()
    {
        ["streams"] = check.Streams,
        ["events"] = check.Events,
        ["events_per_s"] = PerSecond(check),
        ["checkpoints"] = check.Signed?.Checkpoints ?? 0,
        ["signatures_checked"] = check.Signed?.Verified ?? false,
        ["events_unsigned"] = check.Unsigned,
        ["findings"] = new JsonArray([.. check.Findings.Select(finding => new JsonObject
        {
            ["stream"] = finding.Stream,
            ["sequence"] = finding.Sequence,
            ["kind"] = Word(finding.Kind),
            ["sentence"] = finding.Sentence,
        })]),
    };

    private static double PerSecond(JournalCheck check) => Math.Round(check.Events / Math.Max(check.Elapsed.TotalSeconds, 1e-6));

    private void Lines(JournalCheck check)
    {

        foreach (var finding in check.Findings)
        {
            environment.Output.WriteLine(TerminalText.Of($"{Word(finding.Kind),-10} {finding.Stream} {Number(finding.Sequence)}: {finding.Sentence}"));
        }

        if (check.Signed is { Checkpoints: > 0 } signed)
        {
            environment.Output.WriteLine(
                $"{Number(signed.Checkpoints)} checkpoints{(signed.Verified ? ", signed by the key that was given" : ", whose signatures were not checked (--public-key)")}"
                + (check.Unsigned is { } unsigned ? $"; {Number(unsigned)} events came after the last" : ""));
        }

        environment.Output.WriteLine(
            $"{Number(check.Streams)} streams, {Number(check.Events)} events, {Number((long)PerSecond(check))} events/s: "
            + check.Findings.Count switch { 0 => "nothing was found", 1 => "1 finding", var many => $"{Number(many)} findings" });
    }

    /// <summary>The line above <see cref="Entry"/>.</summary>
    public void EntryHeader()
    {
        if (!json)
        {
            Line(Headers);
        }
    }

    /// <summary>One event: a line, or an object on a line.</summary>
    public void Entry(AuditEntry entry)
    {
        if (!json)
        {
            Line(
            [
                entry.At is { } at ? Time(at) : "?", entry.Stream, Number(entry.Sequence), entry.Manifest, entry.Cause?.Agent ?? "-", entry.Cause?.Role ?? "-",
                entry.Cause?.RequestId ?? "-", entry.Cause?.Rule ?? "-", Detail(entry),
            ]);
            return;
        }

        Write(new JsonObject
        {
            ["at"] = entry.At is { } time ? Time(time) : null,
            ["stream"] = entry.Stream,
            ["sequence"] = entry.Sequence,
            ["event"] = entry.Manifest,
            ["agent"] = entry.Cause?.Agent,
            ["role"] = entry.Cause?.Role,
            ["request_id"] = entry.Cause?.RequestId,
            ["rule"] = entry.Cause?.Rule,
            ["policy"] = entry.Cause?.Policy,
            ["observation"] = entry.Cause?.Observation,
            ["problem"] = entry.Problem,
            ["data"] = entry.Event is { } data ? JsonNode.Parse(data) : null,
        });
    }

    /// <summary>A VM as it was.</summary>
    public void Past(DateTimeOffset time, VmPast past, TerminalsPast terminals)
    {
        var (state, allowed) = (past.State, past.Allowed);
        if (json)
        {
            Write(new JsonObject
            {
                ["instance_id"] = state.Id?.Value,
                ["at"] = Time(time),
                ["state"] = state.Phase.ToWireName(),
                ["reason"] = state.Reason,
                ["since"] = Time(state.Since),
                ["incarnation"] = state.Incarnation,
                ["owner"] = state.Owner,
                ["node"] = state.Node,
                ["sequence"] = past.Sequence,
                ["policy"] = allowed is null ? null : new JsonObject
                {
                    ["digest"] = allowed.Cause.Policy,
                    ["rule"] = allowed.Cause.Rule,
                    ["agent"] = allowed.Cause.Agent,
                    ["at"] = Time(allowed.At),
                    ["sequence"] = allowed.Sequence,
                },
                ["policy_in_force"] = terminals.Policy,
                ["terminals"] = new JsonArray([.. terminals.Present.Select(present => new JsonObject
                {
                    ["agent"] = present.Agent,
                    ["agent_role"] = present.AgentRole,
                    ["connection"] = present.Connection,
                    ["role"] = present.Role,
                    ["since"] = Time(present.Since),
                    ["streamed"] = present.Streamed,
                })]),
            });
            return;
        }

        Row("id", state.Id?.Value);
        Row("at", Time(time));
        Row("state", state.Phase.ToWireName());
        Row("reason", state.Reason);
        Row("since", Time(state.Since));
        Row("incarnation", Number(state.Incarnation));
        Row("owner", state.Owner);
        Row("node", state.Node);
        Row("event", Number(past.Sequence));
        Row("policy", allowed?.Cause.Policy);
        Row("in force", terminals.Policy);
        foreach (var present in terminals.Present)
        {
            Row("terminal", $"{present.Role}: {present.Agent} ({present.AgentRole}) {(present.Streamed ? "over" : "was given the command on")} {present.Connection} since {Time(present.Since)}");
        }

        Row("rule", allowed is null ? null : $"{allowed.Cause.Rule} let {allowed.Cause.Agent} do event {Number(allowed.Sequence)} at {Time(allowed.At)}");
    }

    // What the ledger tells stands in no other column; a VM's events say all by their names.
    private static string Detail(AuditEntry entry) =>
        entry.Problem is { } problem ? $"unreadable: {problem}"
        : entry is { IsOfLedger: true, Event: { } data } ? (data.Length <= DetailChars ? data : data[..DetailChars] + "…")
        : entry.Cause?.Observation ?? "-";

    private static string Word(ChainFindingKind kind) => kind.ToString().ToLowerInvariant();

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);

    private void Row(string field, string? value)
    {
        if (value is not null)
        {
            environment.Output.WriteLine(TerminalText.Of($"{field,-12} {value}"));
        }
    }

    // Not a table that is measured first: a journal has millions of events.
    private void Line(string[] cells) =>
        environment.Output.WriteLine(TerminalText.Of(string.Join("  ", cells.Zip(Widths, (cell, width) => cell.PadRight(width)))).TrimEnd());

    private void Write(JsonObject value) => environment.Output.WriteLine(value.ToJsonString());
}
