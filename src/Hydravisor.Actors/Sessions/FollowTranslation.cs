using System.Text;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Sessions;

/// <summary>What is wrong with messages about terminals and logs, and what they say. Pure.</summary>
internal static class FollowTranslation
{
    /// <summary>What is wrong with a message; null where it can be carried out.</summary>
    public static (ErrorCode Code, string Message)? Wrong(InstanceMessage message) => message switch
    {
        VmAttachTerminal attach => WrongAttach(attach),
        TerminalInput input => WrongInput(input),
        TerminalResize { Cols: null } or TerminalResize { Rows: null } =>
            (ErrorCode.BadRequest, "cols and rows are both needed: how large the screen is, in characters and lines"),
        TerminalResize resize => WrongSize(resize.Cols, resize.Rows),
        LogSubscribe subscribe => WrongPlace(subscribe.From),
        LogQuery { Limit: < 1 or > Limits.LogQueryEntriesMax } query =>
            (ErrorCode.Impossible, $"limit {query.Limit} is not possible: 1 to {Limits.LogQueryEntriesMax} is"),
        LogQuery query => WrongPlace(query.From),
        _ => null,
    };

    /// <summary>The bytes that an input that is not wrong types.</summary>
    public static byte[] Bytes(TerminalInput input) =>
        input.Data is { } text ? Encoding.UTF8.GetBytes(text) : Convert.FromBase64String(input.DataB64!);

    private static (ErrorCode Code, string Message)? WrongAttach(VmAttachTerminal attach) => attach switch
    {
        { Role: null } => (ErrorCode.BadRequest, "role is missing: \"operator\" (reads and types) or \"auditor\" (reads only)"),
        _ when !TerminalRoleNames.TryParse(attach.Role, out _) =>
            (ErrorCode.Impossible, "role must be \"operator\" (reads and types) or \"auditor\" (reads only)"),
        { Cols: null, Rows: not null } or { Cols: not null, Rows: null } =>
            (ErrorCode.BadRequest, "of cols and rows only one is there; a screen has both"),
        _ => WrongSize(attach.Cols, attach.Rows),
    };

    private static (ErrorCode Code, string Message)? WrongSize(long? cols, long? rows) =>
        cols is < 1 or > Limits.TerminalColsMax || rows is < 1 or > Limits.TerminalRowsMax
            ? (ErrorCode.Impossible, $"a screen of {cols} by {rows} is not possible: 1 to {Limits.TerminalColsMax} by 1 to {Limits.TerminalRowsMax} is")
            : null;

    private static (ErrorCode Code, string Message)? WrongInput(TerminalInput input) => input switch
    {
        { Data: null, DataB64: null } => (ErrorCode.BadRequest, "data (text) or data_b64 (bytes in base64) is missing"),
        { Data: not null, DataB64: not null } => (ErrorCode.BadRequest, "data and data_b64 are both there; only one can be typed"),
        { Data: { } text } when Encoding.UTF8.GetByteCount(text) > Limits.TerminalInputBytesMax => TooMuch,
        { DataB64: { } base64 } when !IsBase64(base64, out var bytes) || bytes > Limits.TerminalInputBytesMax =>
            IsBase64(base64, out _) ? TooMuch : (ErrorCode.Impossible, "data_b64 is no base64 (RFC 4648, with padding)"),
        _ => null,
    };

    private static (ErrorCode Code, string Message) TooMuch =>
        (ErrorCode.Impossible, $"more than {Limits.TerminalInputBytesMax} bytes cannot be typed by one message; send several");

    private static bool IsBase64(string text, out int bytes) => System.Buffers.Text.Base64.IsValid(text, out bytes);

    private static (ErrorCode Code, string Message)? WrongPlace(LogFrom? from) => from switch
    {
        null or { Word: "tail" or "start" } or { Seq: >= 1 } => null,
        _ => (ErrorCode.Impossible, "from must be \"tail\", \"start\" or a sequence number from 1"),
    };
}
