using System.Text;
using System.Text.Unicode;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Sessions;

/// <summary><c>vm/exec</c> to a command, and how it went back to the wire. Pure.</summary>
internal static class ExecTranslation
{
    private const int EscapedControl = 6;

    /// <summary>What is wrong with a message; null where it can be carried out.</summary>
    public static (ErrorCode Code, string Message)? Wrong(VmExec exec) => exec switch
    {
        { Command: null, Argv: null } => (ErrorCode.BadRequest, "command (a string for /bin/sh -c) or argv (an array: a program and its arguments) is missing"),
        { Command: not null, Argv: not null } => (ErrorCode.BadRequest, "command and argv are both there; only one can be run"),
        { Command: { } command } when command.Contains('\0', StringComparison.Ordinal) => (ErrorCode.Impossible, "command contains a NUL, which no command can"),
        { Argv: { } argv } when argv.Any(argument => argument is null) => (ErrorCode.BadRequest, "argv has an element that is null; each must be a string"),
        { Argv: { } argv } when argv.Count == 0 || !argv[0].StartsWith('/') =>
            (ErrorCode.Impossible, "argv must begin with the program's absolute path, such as \"/bin/ls\""),
        { Argv: { } argv } when argv.Any(argument => argument.Contains('\0', StringComparison.Ordinal)) =>
            (ErrorCode.Impossible, "argv contains a NUL, which no argument can"),
        { TimeoutS: < 1 or > Limits.ExecSecondsMax } => (ErrorCode.Impossible, $"timeout_s {exec.TimeoutS} is not possible: 1 to {Limits.ExecSecondsMax} is"),
        _ => null,
    };

    /// <summary>The command of a message that is not wrong.</summary>
    public static VmCommand.Exec ToCommand(VmExec exec) => new(
        exec.Command is { } command ? ["/bin/sh", "-c", command] : [.. exec.Argv!],
        exec.Stdin is { } stdin ? Encoding.UTF8.GetBytes(stdin) : null,
        (int)(exec.TimeoutS ?? Limits.ExecSecondsDefault));

    /// <summary>How it went, on the wire.</summary>
    public static ExecReply ToReply(Pending pending, VmReply.Executed executed)
    {
        var (stdout, stderr) = (AsText(executed.Output), AsText(executed.Errors));
        return new ExecReply
        {
            InstanceId = executed.View.Id.Value,
            ExitCode = executed.ExitCode,
            Stdout = stdout,
            StdoutB64 = stdout is null ? Convert.ToBase64String(executed.Output) : null,
            Stderr = stderr,
            StderrB64 = stderr is null ? Convert.ToBase64String(executed.Errors) : null,
            Truncated = executed.Truncated,
            Incarnation = executed.View.Incarnation,
            Meta = ReplyMeta.For(pending.RequestId),
        };
    }

    // What was cut off in the midst of a character is text all the same. Text of many control characters, each of which takes six
    // on the line, goes as bytes: so the longest answer stays below the longest line.
    private static string? AsText(byte[] bytes)
    {
        var whole = bytes.AsSpan(0, bytes.Length - TornAtEnd(bytes));
        return Utf8.IsValid(whole) && EscapedLength(whole) <= Math.Max(64, whole.Length / 3 * 4) ? Encoding.UTF8.GetString(whole) : null;
    }

    private static int TornAtEnd(byte[] bytes)
    {
        for (var back = 1; back <= Math.Min(3, bytes.Length); back++)
        {
            var each = bytes[^back];
            if ((each & 0xC0) != 0x80)
            {
                var length = each >= 0xF0 ? 4 : each >= 0xE0 ? 3 : each >= 0xC0 ? 2 : 1;
                return length > back ? back : 0;
            }
        }

        return 0;
    }

    private static int EscapedLength(ReadOnlySpan<byte> text)
    {
        var length = 0;
        foreach (var each in text)
        {
            length += each is (byte)'"' or (byte)'\\' or (byte)'\n' or (byte)'\r' or (byte)'\t' ? 2 : each < 0x20 ? EscapedControl : 1;
        }

        return length;
    }
}
