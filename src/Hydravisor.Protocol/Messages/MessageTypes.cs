namespace Hydravisor.Protocol;

/// <summary>The values of <c>type</c> on the wire.</summary>
public static class MessageTypes
{
    /// <summary><c>vm/create</c></summary>
    public const string VmCreate = "vm/create";

    /// <summary><c>vm/delete</c></summary>
    public const string VmDelete = "vm/delete";

    /// <summary><c>vm/state</c></summary>
    public const string VmState = "vm/state";

    /// <summary><c>vm/list</c></summary>
    public const string VmList = "vm/list";

    /// <summary><c>vm/start</c></summary>
    public const string VmStart = "vm/start";

    /// <summary><c>vm/stop</c></summary>
    public const string VmStop = "vm/stop";

    /// <summary><c>vm/suspend</c></summary>
    public const string VmSuspend = "vm/suspend";

    /// <summary><c>vm/resume</c></summary>
    public const string VmResume = "vm/resume";

    /// <summary><c>vm/reboot</c></summary>
    public const string VmReboot = "vm/reboot";

    /// <summary><c>vm/attach-terminal</c></summary>
    public const string VmAttachTerminal = "vm/attach-terminal";

    /// <summary><c>vm/exec</c></summary>
    public const string VmExec = "vm/exec";

    /// <summary><c>terminal/input</c></summary>
    public const string TerminalInput = "terminal/input";

    /// <summary><c>terminal/resize</c></summary>
    public const string TerminalResize = "terminal/resize";

    /// <summary><c>terminal/detach</c></summary>
    public const string TerminalDetach = "terminal/detach";

    /// <summary><c>log/subscribe</c></summary>
    public const string LogSubscribe = "log/subscribe";

    /// <summary><c>log/unsubscribe</c></summary>
    public const string LogUnsubscribe = "log/unsubscribe";

    /// <summary><c>log/query</c></summary>
    public const string LogQuery = "log/query";

    /// <summary><c>recording/query</c></summary>
    public const string RecordingQuery = "recording/query";

    /// <summary><c>node/list</c></summary>
    public const string NodeList = "node/list";

    /// <summary><c>node/drain</c></summary>
    public const string NodeDrain = "node/drain";

    /// <summary><c>node/cordon</c></summary>
    public const string NodeCordon = "node/cordon";

    /// <summary><c>node/resume</c></summary>
    public const string NodeResume = "node/resume";

    /// <summary><c>mcp/heartbeat</c></summary>
    public const string Heartbeat = "mcp/heartbeat";

    /// <summary><c>mcp/error</c>; only the server sends it.</summary>
    public const string Error = "mcp/error";

    /// <summary><c>mcp/authorize</c>; only the server sends it.</summary>
    public const string Authorize = "mcp/authorize";

    /// <summary><c>model/log</c>; only the server sends it.</summary>
    public const string ModelLog = "model/log";

    /// <summary><c>terminal/output</c>; only the server sends it.</summary>
    public const string TerminalOutput = "terminal/output";
}

/// <summary>Where a field stands on a line that we write; only for the eye, readers take any order.</summary>
internal static class WireOrder
{
    public const int First = -3;
    public const int Second = -2;
    public const int Early = -1;
    public const int Last = 100;
}
