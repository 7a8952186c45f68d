using System.Text.Json;
using System.Text.Json.Serialization;

namespace Hydravisor.Actors.Hypervisors.Libvirt.Guests;

/// <summary>A command to the QEMU guest agent (qemu.org, "QEMU Guest Agent Protocol Reference").</summary>
internal sealed record AgentRequest<T>(string Execute, T Arguments);

/// <summary>Arguments of <c>guest-exec</c>.</summary>
internal sealed record ExecArguments(string Path, IReadOnlyList<string> Arg, byte[]? InputData, bool CaptureOutput);

/// <summary>Arguments of <c>guest-exec-status</c>.</summary>
internal sealed record StatusArguments(long Pid);

/// <summary>What the agent answers.</summary>
internal sealed record AgentAnswer<T>(T Return);

/// <summary>Answer of <c>guest-exec</c>.</summary>
internal sealed record ExecStarted(long Pid);

/// <summary>Answer of <c>guest-exec-status</c>.</summary>
internal sealed record ExecStatus(
    bool Exited, int? Exitcode, int? Signal, byte[]? OutData, byte[]? ErrData, bool OutTruncated = false, bool ErrTruncated = false);

/// <summary>The agent's words in JSON.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.KebabCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(AgentRequest<ExecArguments>))]
[JsonSerializable(typeof(AgentRequest<StatusArguments>))]
[JsonSerializable(typeof(AgentAnswer<ExecStarted>))]
[JsonSerializable(typeof(AgentAnswer<ExecStatus>))]
internal sealed partial class AgentWords : JsonSerializerContext
{
    /// <summary>Runs a program and keeps what it writes.</summary>
    public static string Exec(GuestCommand command) => JsonSerializer.Serialize(
        new AgentRequest<ExecArguments>("guest-exec", new ExecArguments(command.Argv[0], [.. command.Argv.Skip(1)], command.Stdin, CaptureOutput: true)),
        Default.AgentRequestExecArguments);

    /// <summary>Asks how a program does.</summary>
    public static string Status(long pid) =>
        JsonSerializer.Serialize(new AgentRequest<StatusArguments>("guest-exec-status", new StatusArguments(pid)), Default.AgentRequestStatusArguments);
}
