using System.CommandLine;
using System.Runtime.InteropServices;
using Hydravisor.Client;
using Hydravisor.Protocol;

namespace Hydravisor.Host.Verbs;

/// <summary><c>hydravisor vm terminal VM</c>: the VM's terminal over the line protocol, from any machine; shared with all who are attached to it.</summary>
/// <remarks>This terminal is put into raw mode by stty(1) meanwhile, so that every key but the leaving one goes to the guest.</remarks>
internal static class VmTerminalVerb
{
    /// <summary>Ctrl-], as telnet has it.</summary>
    private const byte Leave = 0x1D;

    private const int InputBytes = 4096;

    /// <summary>The verb.</summary>
    public static Command Build(ClientVerb verb)
    {
        var target = VmVerbs.Target();
        var role = VmVerbs.RoleOption();
        var command = new Command("terminal", "Open the VM's terminal here, over the connection to the node; ctrl-] leaves it") { target, role };
        return verb.On(command, async (call, stop) =>
        {
            var id = await VmTarget.ResolveAsync(call.Client, call.Parsed.GetRequiredValue(target), stop);
            _ = TerminalRoleNames.TryParse(call.Parsed.GetValue(role), out var wanted);
            await RunAsync(call, id, wanted, stop);
        });
    }

    private static async Task RunAsync(VerbCall call, string id, TerminalRole role, CancellationToken stop)
    {
        var environment = call.Environment;
        if (!environment.OutputIsTerminal || environment.InputBytes is not { } input || environment.OutputBytes is not { } output)
        {
            throw new VerbFailure("A terminal is needed on both sides: standard input and output are none here. For its text use: hydravisor vm logs.");
        }

        var size = environment.Size();
        await using var terminal = await call.Client.OpenTerminalAsync(id, role, size?.Cols, size?.Rows, stop);
        await environment.Error.WriteLineAsync($"{terminal.Reply.Session}, {terminal.Reply.Mode}; ctrl-] leaves it");
        await environment.Shell("stty raw -echo");
        using var left = CancellationTokenSource.CreateLinkedTokenSource(stop);
        using var resized = PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => ResizeSoon(terminal, role, environment));
        try
        {
            var showing = ShowAsync(terminal, output, left.Token);
            var typing = TypeAsync(terminal, role, input, left.Token);
            await (await Task.WhenAny(showing, typing));
        }
        finally
        {
            await left.CancelAsync();
            await environment.Shell("stty sane");
            // The guest may have left colours, another screen or a hidden cursor behind.
            await output.WriteAsync("\e[0m\e[?1049l\e[?25h\r\n"u8.ToArray(), CancellationToken.None);
            await output.FlushAsync(CancellationToken.None);
        }
    }

    private static async Task ShowAsync(TerminalFeed terminal, Stream output, CancellationToken stop)
    {
        await foreach (var shown in terminal.Output.ReadAllAsync(stop))
        {
            await output.WriteAsync(Convert.FromBase64String(shown.DataB64), stop);
            await output.FlushAsync(stop);
        }
    }

    private static async Task TypeAsync(TerminalFeed terminal, TerminalRole role, Stream input, CancellationToken stop)
    {
        var buffer = new byte[InputBytes];
        int count;
        while ((count = await input.ReadAsync(buffer, stop)) > 0)
        {
            var typed = buffer.AsMemory(0, count);
            var leave = typed.Span.IndexOf(Leave);
            typed = leave >= 0 ? typed[..leave] : typed;
            if (role == TerminalRole.Operator && !typed.IsEmpty)
            {
                await terminal.TypeAsync(typed, stop);
            }

            if (leave >= 0)
            {
                return;
            }
        }
    }

    private static void ResizeSoon(TerminalFeed terminal, TerminalRole role, VerbEnvironment environment)
    {
        if (role == TerminalRole.Operator && environment.Size() is { } size)
        {
            // Nobody waits for it: the next change of size, or the lost connection, tells the rest.
            terminal.ResizeAsync(size.Cols, size.Rows).ContinueWith(
                done => _ = done.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        }
    }
}
