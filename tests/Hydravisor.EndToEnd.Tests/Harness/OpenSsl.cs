using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Hydravisor.EndToEnd.Tests.Harness;

/// <summary>The real <c>openssl s_client</c>, as a stranger uses it: bytes in, and all that it says.</summary>
internal sealed class OpenSsl : IAsyncDisposable
{
    private readonly Process _process;
    private readonly NodeUnderTest _node;
    private readonly StringBuilder _said = new();
    private readonly Lock _gate = new();
    private readonly List<(string Text, TaskCompletionSource Came)> _waiting = [];
    private readonly Task _reading;

    private OpenSsl(Process process, NodeUnderTest node)
    {
        (_process, _node) = (process, node);
        _reading = Task.WhenAll(ReadAsync(process.StandardOutput), ReadAsync(process.StandardError));
    }

    /// <summary>All that it has said.</summary>
    public string Said
    {
        get
        {
            lock (_gate)
            {
                return _said.ToString();
            }
        }
    }

    /// <summary>Connects.</summary>
    public static OpenSsl Connect(NodeUnderTest node, TlsNode tls, params string[] arguments) => new(
        Process.Start(new ProcessStartInfo(
            "openssl",
            [
                "s_client", "-connect", string.Create(CultureInfo.InvariantCulture, $"localhost:{node.Endpoint.Port}"),
                "-CAfile", tls.CaFile, "-verify_return_error", "-verify_hostname", "localhost", "-ign_eof", .. arguments,
            ])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!,
        node);

    /// <summary>Sends a line.</summary>
    public async Task SendAsync(string line)
    {
        await _process.StandardInput.WriteAsync(line + "\n");
        await _process.StandardInput.FlushAsync();
    }

    /// <summary>Waits until it has said a text.</summary>
    public Task SaysAsync(string text)
    {
        lock (_gate)
        {
            if (_said.ToString().Contains(text, StringComparison.Ordinal))
            {
                return Task.CompletedTask;
            }

            var came = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((text, came));
            return came.Task.InTimeAsync($"openssl says \"{text}\"", () => $"{Said}\n{_node.Output.Tail}");
        }
    }

    /// <summary>Waits for its end.</summary>
    /// <returns>All that it said.</returns>
    public async Task<string> EndAsync()
    {
        await _process.WaitForExitAsync().InTimeAsync("the end of openssl", () => $"{Said}\n{_node.Output.Tail}");
        await _reading;
        return Said;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await _process.WaitForExitAsync();
        await _reading;
        _process.Dispose();
    }

    private async Task ReadAsync(StreamReader stream)
    {
        while (await stream.ReadLineAsync() is { } line)
        {
            lock (_gate)
            {
                _said.AppendLine(line);
                var all = _said.ToString();
                foreach (var waiter in _waiting.Where(waiter => all.Contains(waiter.Text, StringComparison.Ordinal)).ToList())
                {
                    waiter.Came.TrySetResult();
                    _waiting.Remove(waiter);
                }
            }
        }
    }
}
