using System.Globalization;
using System.Text.Json.Nodes;
using Hydravisor.Actors.Audit;
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
        var perSecond = Math.Round(check.Events / Math.Max(check.Elapsed.TotalSeconds, 1e-6));
        if (json)
        {
            Write(new JsonObject
            {
                ["journal"] = journal,
                ["streams"] = check.Streams,
                ["events"] = check.Events,
                ["events_per_s"] = perSecond,
                ["findings"] = new JsonArray([.. check.Findings.Select(finding => new JsonObject
                {
                    ["stream"] = finding.Stream,
                    ["sequence"] = finding.Sequence,
                    ["kind"] = Word(finding.Kind),
                    ["sentence"] = finding.Sentence,
                })]),
            });
            return;
        }

        foreach (var finding in check.Findings)
        {
            environment.Output.WriteLine(TerminalText.Of($"{Word(finding.Kind),-10} {finding.Stream} {Number(finding.Sequence)}: {finding.Sentence}"));
        }

        environment.Output.WriteLine(
            $"{Number(check.Streams)} streams, {Number(check.Events)} events, {Number((long)perSecond)} events/s: "
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
    public void Past(DateTimeOffset time, VmPast past)
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
