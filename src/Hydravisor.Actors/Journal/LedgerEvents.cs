using System.Text.Json.Serialization;

namespace Hydravisor.Actors.Journal;

/// <summary>What happened on a node and is no event of a VM. Stored for ever: a changed field is a new version of its manifest.</summary>
internal interface ILedgerEvent;

/// <summary>The events of a node's ledger.</summary>
internal static class LedgerEvents
{
    /// <summary>The node began to serve.</summary>
    /// <param name="Version">Of the program.</param>
    /// <param name="Pid">Its process.</param>
    /// <param name="Listen">Where it was told to listen.</param>
    public sealed record NodeStarted(string Version, int Pid, string Listen) : ILedgerEvent;

    /// <summary>The node stopped in good order; a start without it before means that it was killed.</summary>
    public sealed record NodeStopped : ILedgerEvent;

    /// <summary>Another policy is in force.</summary>
    /// <param name="Digest">The SHA-256 of its text.</param>
    /// <param name="Text">All that it says.</param>
    public sealed record PolicyInForce(string Digest, string Text) : ILedgerEvent;

    /// <summary>An agent was added, changed, revoked or removed.</summary>
    /// <param name="Agent">Its fingerprint.</param>
    /// <param name="Change">Which of these.</param>
    /// <param name="Name">What it is called.</param>
    /// <param name="Facts">How it is now: its roles, its keys' fingerprints and their ends.</param>
    public sealed record AgentChanged(string Agent, AgentChange Change, string? Name, string Facts) : ILedgerEvent;

    /// <summary>Something that was asked for was not let.</summary>
    /// <param name="Type">The message's type, where it could be read.</param>
    /// <param name="InstanceId">The VM it was about.</param>
    /// <param name="Code">What it was answered.</param>
    /// <param name="Reason">Why.</param>
    /// <param name="Remote">Where it came from.</param>
    /// <param name="ClaimedAgent">Whom it said it was of, where that was not proven.</param>
    /// <param name="ClaimedRole">In which role.</param>
    /// <param name="Times">How many of the kind since the last that was recorded of this connection; null: this one.</param>
    public sealed record Denied(
        string? Type, string? InstanceId, int Code, string Reason, string Remote, string? ClaimedAgent = null, string? ClaimedRole = null, long? Times = null) : ILedgerEvent;

    /// <summary>A terminal is about to be shown to somebody.</summary>
    /// <param name="InstanceId">Of which VM.</param>
    /// <param name="Incarnation">Which boot of it.</param>
    /// <param name="Role">operator or auditor.</param>
    /// <param name="Streamed">Whether over the connection; otherwise the command that attaches was given.</param>
    /// <param name="Remote">Where the connection comes from.</param>
    public sealed record Attached(string InstanceId, long Incarnation, string Role, bool Streamed, string Remote) : ILedgerEvent;

    /// <summary>A terminal is shown over a connection no more.</summary>
    /// <param name="InstanceId">Of which VM.</param>
    /// <param name="Why">Why.</param>
    /// <param name="TypedBytes">How much was typed into it over the connection meanwhile.</param>
    public sealed record Detached(string InstanceId, string Why, long TypedBytes) : ILedgerEvent;

    /// <summary>A program is about to be run in a guest.</summary>
    /// <param name="InstanceId">Of which VM.</param>
    /// <param name="Incarnation">Which boot of it.</param>
    /// <param name="Argv">The program and its arguments, the beginning of them where they are long.</param>
    /// <param name="ArgvSha256">Of all of them, each with a zero byte behind it.</param>
    /// <param name="StdinBytes">The length of what it is given to read.</param>
    /// <param name="StdinSha256">The SHA-256 of that.</param>
    public sealed record Executing(string InstanceId, long Incarnation, string Argv, string ArgvSha256, int StdinBytes, string? StdinSha256) : ILedgerEvent;

    /// <summary>A program that was to be run in a guest has ended, or was not run. Where this does not follow <see cref="Executing"/> the node was killed meanwhile.</summary>
    /// <param name="InstanceId">Of which VM.</param>
    /// <param name="Incarnation">Which boot of it.</param>
    /// <param name="ArgvSha256">Which program: as in the record before, which has the same cause.</param>
    /// <param name="ExitCode">Its exit code; 128 and the signal's number where a signal ended it; null: it did not run to its end.</param>
    /// <param name="Code">What was answered: 200, or the error.</param>
    /// <param name="Reason">Why it did not run to its end.</param>
    /// <param name="StdoutBytes">How much of its standard output was answered.</param>
    /// <param name="StdoutSha256">The SHA-256 of that; null: it did not run to its end.</param>
    /// <param name="StderrBytes">How much of its standard error was.</param>
    /// <param name="StderrSha256">The SHA-256 of that.</param>
    /// <param name="Truncated">Whether it wrote more.</param>
    public sealed record Executed(
        string InstanceId, long Incarnation, string ArgvSha256, int? ExitCode, int Code, string? Reason, int StdoutBytes, string? StdoutSha256, int StderrBytes, string? StderrSha256, bool Truncated) : ILedgerEvent;

    /// <summary>A command of a role that is audited, which is in no VM's stream: it only read, or changed nothing.</summary>
    /// <param name="Type">The message's type.</param>
    /// <param name="InstanceId">The VM it was about.</param>
    /// <param name="Code">200, or the error that it is answered.</param>
    public sealed record Commanded(string Type, string? InstanceId, int Code) : ILedgerEvent;

    /// <summary>The ledger could not be written for a while, and can be again.</summary>
    /// <param name="Since">Since when it could not.</param>
    /// <param name="Refused">How much was refused meanwhile for want of a record.</param>
    /// <param name="Reason">Why it could not.</param>
    public sealed record Resumed(DateTimeOffset Since, long Refused, string Reason) : ILedgerEvent;

    /// <summary>The manifests of the events.</summary>
    public static Vocabulary Vocabulary { get; } = new(
        ("ledger.node-started.v1", LedgerJson.Default.NodeStarted),
        ("ledger.node-stopped.v1", LedgerJson.Default.NodeStopped),
        ("ledger.policy-in-force.v1", LedgerJson.Default.PolicyInForce),
        ("ledger.agent-changed.v1", LedgerJson.Default.AgentChanged),
        ("ledger.denied.v1", LedgerJson.Default.Denied),
        ("ledger.attached.v1", LedgerJson.Default.Attached),
        ("ledger.detached.v1", LedgerJson.Default.Detached),
        ("ledger.executing.v1", LedgerJson.Default.Executing),
        ("ledger.executed.v1", LedgerJson.Default.Executed),
        ("ledger.commanded.v1", LedgerJson.Default.Commanded),
        ("ledger.resumed.v1", LedgerJson.Default.Resumed));
}

/// <summary>What became of an agent.</summary>
internal enum AgentChange
{
    /// <summary>It is new.</summary>
    Added,

    /// <summary>Its keys, roles or name are others.</summary>
    Changed,

    /// <summary>It is let in no more, for good.</summary>
    Revoked,

    /// <summary>The file of agents does not have it any more.</summary>
    Removed,
}

/// <summary>The ledger up to some event.</summary>
/// <param name="Policy">The digest of the policy in force.</param>
/// <param name="Agents">The facts of each agent, by fingerprint.</param>
/// <param name="Head">The hash of that event.</param>
internal sealed record LedgerSnapshot(string? Policy, IReadOnlyDictionary<string, string> Agents, string Head);

/// <summary>The stored form of the events and of the snapshot.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UseStringEnumConverter = true)]
[JsonSerializable(typeof(LedgerEvents.NodeStarted))]
[JsonSerializable(typeof(LedgerEvents.NodeStopped))]
[JsonSerializable(typeof(LedgerEvents.PolicyInForce))]
[JsonSerializable(typeof(LedgerEvents.AgentChanged))]
[JsonSerializable(typeof(LedgerEvents.Denied))]
[JsonSerializable(typeof(LedgerEvents.Attached))]
[JsonSerializable(typeof(LedgerEvents.Detached))]
[JsonSerializable(typeof(LedgerEvents.Executing))]
[JsonSerializable(typeof(LedgerEvents.Executed))]
[JsonSerializable(typeof(LedgerEvents.Commanded))]
[JsonSerializable(typeof(LedgerEvents.Resumed))]
[JsonSerializable(typeof(LedgerSnapshot))]
internal sealed partial class LedgerJson : JsonSerializerContext;
