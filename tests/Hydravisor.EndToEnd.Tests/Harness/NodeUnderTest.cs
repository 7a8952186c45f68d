using System.Diagnostics;
using System.Globalization;
using System.Net;
using Hydravisor.Client;

namespace Hydravisor.EndToEnd.Tests.Harness;

/// <summary>A node as its users meet it: the built executable in a process of its own, with a data directory of its own.</summary>
/// <remarks>
/// It may be killed and started again on the same data. Disposing of it ends the process and removes all that it made, however
/// the test went.
/// </remarks>
public sealed class NodeUnderTest : IAsyncDisposable
{
    private const string Serving = "serving on ";
    private readonly NodeOptions _options;
    private readonly TestDirectory _directory = new();
    private Process? _process;
    private Task _reading = Task.CompletedTask;
    private IReadOnlyList<string> _pipes = [];
    private IPEndPoint? _endpoint;
    private int _launched;

    /// <summary>Prepares a node that does not run yet.</summary>
    public NodeUnderTest(NodeOptions options)
    {
        _options = options;
        AppDomain.CurrentDomain.ProcessExit += OnTestsEnd;
    }

    /// <summary>Its data directory.</summary>
    public string Data => _options.OnDataOf ?? _directory.Path;

    /// <summary>Where it serves.</summary>
    public IPEndPoint Endpoint => _endpoint ?? throw new InvalidOperationException("The node was not started.");

    /// <summary>The id of its process.</summary>
    public int ProcessId => _process?.Id ?? throw new InvalidOperationException("The node does not run.");

    /// <summary>The memory that its process holds now, in bytes.</summary>
    public long ResidentBytes
    {
        get
        {
            using var now = Process.GetProcessById(ProcessId);
            return now.WorkingSet64;
        }
    }

    /// <summary>How long its last start took, from the fork to the line that says where it serves.</summary>
    public TimeSpan StartTime { get; private set; }

    /// <summary>What it wrote.</summary>
    internal NodeOutput Output { get; } = new();

    /// <summary>Puts a file system of its own under the data directory; before the first start.</summary>
    public Task MountAsync(int megabytes) => _directory.MountAsync(megabytes);

    /// <summary>Starts it and waits until it serves.</summary>
    public Task StartAsync()
    {
        Launch();
        return ServingAsync();
    }

    /// <summary>Waits until the process that was launched serves.</summary>
    public async Task ServingAsync()
    {
        var clock = Stopwatch.StartNew();
        var serving = Output.LineAsync(line => line.StartsWith(Serving, StringComparison.Ordinal), _launched);
        await Task.WhenAny(serving, _process!.WaitForExitAsync()).InTimeAsync("the node serves", () => Output.Tail);
        if (!serving.IsCompleted)
        {
            await _reading;
            Assert.Fail($"The node ended with {_process.ExitCode} before it served:\n{Output.Tail}");
        }

        StartTime = clock.Elapsed;
        _endpoint = IPEndPoint.Parse((await serving)[Serving.Length..]);
    }

    /// <summary>Starts it without waiting for anything.</summary>
    public void Launch()
    {
        Assert.True(_process is null or { HasExited: true }, "The node runs already.");
        if (_options.Conf.Length > 0)
        {
            File.WriteAllText(Path.Combine(Data, "hydravisor.conf"), _options.Conf);
        }

        var start = new ProcessStartInfo(
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
            [
                Path.Combine(AppContext.BaseDirectory, "hydravisor.dll"), "serve", "--profile", _options.Profile, "--data", Data,
                "--listen", _options.Listen, "--hypervisor", _options.Hypervisor,
            ])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
            // A killed process would leave its diagnostic pipes behind.
            Environment = { ["DOTNET_EnableDiagnostics"] = "0" },
        };
        foreach (var variable in (string[])["HYDRAVISOR_DATA", "HYDRAVISOR_LISTEN", "HYDRAVISOR_HEALTH_LISTEN", "HYDRAVISOR_HYPERVISOR", "HYDRAVISOR_IMAGES", "HYDRAVISOR_ACCEL", "HYDRAVISOR_LIBVIRT_URI", "HYDRAVISOR_POSTGRESQL",
            "HYDRAVISOR_TLS_CERTIFICATE", "HYDRAVISOR_TLS_KEY", "HYDRAVISOR_TLS_CLIENT_CA", "HYDRAVISOR_TLS_CLIENT_CERTIFICATES"])
        {
            start.Environment.Remove(variable);
        }

        _launched = Output.Count;
        Output.Add($"--- {_options.Profile}, {_options.Hypervisor}, {Data}");
        _process?.Dispose();
        _process = Process.Start(start)!;
        _pipes = PipeHolders.OutputsOf(_process.Id);
        _reading = Task.WhenAll(ReadAsync(_process.StandardOutput, ""), ReadAsync(_process.StandardError, "stderr: "));
    }

    /// <summary>Ends it as a crash of the machine's power would: kill -9.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync().InTimeAsync("the killed node is gone");
        await OutputEndsAsync();
        Output.Add("--- killed");
    }

    /// <summary>Sends it a signal: TERM as an init system does, INT as Ctrl-C does.</summary>
    public Task SignalAsync(string name) => Run.CheckedAsync("kill", "-" + name, ProcessId.ToString(CultureInfo.InvariantCulture));

    /// <summary>Waits for its end.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> ExitAsync()
    {
        await _process!.WaitForExitAsync().InTimeAsync("the node ends", () => Output.Tail);
        await OutputEndsAsync();
        Output.Add($"--- ended with {_process.ExitCode}");
        return _process.ExitCode;
    }

    /// <summary>Launches it and waits for its end: for a node that cannot start.</summary>
    /// <returns>Its exit code, and what it wrote.</returns>
    public async Task<(int Code, string Output)> RunToEndAsync()
    {
        Launch();
        var code = await ExitAsync();
        return (code, string.Join('\n', Output.From(_launched)));
    }

    /// <summary>Kills it and starts it again on the same data.</summary>
    public async Task KillAndStartAsync()
    {
        await KillAsync();
        await StartAsync();
    }

    /// <summary>Connects a raw socket.</summary>
    internal Task<RawConnection> ConnectAsync() => RawConnection.OpenAsync(Endpoint, () => Output.Tail);

    /// <summary>Connects the typed client.</summary>
    public Task<HydravisorClient> ConnectClientAsync(HydravisorClientOptions? options = null) =>
        HydravisorClient.ConnectAsync(Endpoint.Address.ToString(), Endpoint.Port, options);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnTestsEnd;
        if (_process is { } process)
        {
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }

        TmuxServers.KillAll(Path.Combine(_directory.Path, "run"));
        _directory.Dispose();
    }

    // Nobody may live on with what the node wrote to.
    private Task OutputEndsAsync() =>
        _reading.InTimeAsync("the end of the node's output", () => $"{Output.Tail}\nit is held by {string.Join("; ", PipeHolders.Of(_pipes))}");

    private async Task ReadAsync(StreamReader stream, string prefix)
    {
        try
        {
            while (await stream.ReadLineAsync() is { } line)
            {
                Output.Add(prefix + line);
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // The process was disposed of under it.
        }
    }

    private void OnTestsEnd(object? sender, EventArgs e) => _process?.Kill();
}
