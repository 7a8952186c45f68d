using System.ComponentModel;
using System.Diagnostics;
using System.Net;

namespace Hydravisor.Bench.Logs;

/// <summary>Debian's nats-server on a loopback port of its own, without persistence. It ends with this.</summary>
internal sealed class NatsServer : IDisposable
{
    /// <summary>The subject of all that is said.</summary>
    public const string Subject = "s";

    private const string Listening = "Listening for client connections on ";

    private readonly Process _process;

    private NatsServer(Process process, IPEndPoint endpoint)
    {
        (_process, Endpoint) = (process, endpoint);
        AppDomain.CurrentDomain.ProcessExit += Kill;
    }

    /// <summary>Where it serves.</summary>
    public IPEndPoint Endpoint { get; }

    /// <summary>Starts it.</summary>
    public static async Task<NatsServer> StartAsync()
    {
        var process = Start();
        var said = new List<string>();
        while (await process.StandardError.ReadLineAsync() is { } line)
        {
            said.Add(line);
            var at = line.IndexOf(Listening, StringComparison.Ordinal);
            if (at >= 0)
            {
                _ = process.StandardError.ReadToEndAsync();
                return new NatsServer(process, IPEndPoint.Parse(line[(at + Listening.Length)..]));
            }
        }

        throw new InvalidOperationException($"nats-server did not start:\n{string.Join('\n', said)}");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        AppDomain.CurrentDomain.ProcessExit -= Kill;
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static Process Start()
    {
        try
        {
            return Process.Start(new ProcessStartInfo("nats-server", ["--addr", "127.0.0.1", "--port", "-1"]) { RedirectStandardError = true })!;
        }
        catch (Win32Exception e)
        {
            throw new InvalidOperationException(
                "The peer of this bench, nats-server, is missing. Install it with: apt-get install --no-install-recommends nats-server", e);
        }
    }

    private void Kill(object? sender, EventArgs e) => _process.Kill();
}
