using System.Diagnostics;
using System.Globalization;
using System.Net;

namespace Hydravisor.Bench.Wire;

/// <summary><see cref="EchoServer"/> in a process of its own, as the node is. It ends with this one.</summary>
internal sealed class EchoProcess : IDisposable
{
    /// <summary>The verb that it is started with.</summary>
    public const string Verb = "echo-server";

    private readonly Process _process;

    private EchoProcess(Process process, IPEndPoint endpoint) => (_process, Endpoint) = (process, endpoint);

    /// <summary>Where it serves.</summary>
    public IPEndPoint Endpoint { get; }

    /// <summary>Starts it.</summary>
    public static async Task<EchoProcess> StartAsync(int answerBytes)
    {
        var process = Process.Start(new ProcessStartInfo(
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
            [typeof(EchoProcess).Assembly.Location, Verb, answerBytes.ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        var said = await process.StandardOutput.ReadLineAsync();
        return said?.StartsWith(EchoServer.Listening, StringComparison.Ordinal) == true
            ? new EchoProcess(process, IPEndPoint.Parse(said[EchoServer.Listening.Length..]))
            : throw new InvalidOperationException($"The echo server did not start: {said}");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
