using System.Diagnostics;
using System.Globalization;
using System.Net;

namespace Hydravisor.Chaos.World;

/// <summary>What a script said.</summary>
/// <param name="Code">Its exit code.</param>
/// <param name="Output">What it wrote.</param>
/// <param name="Error">What it wrote of errors.</param>
internal sealed record Ran(int Code, string Output, string Error);

/// <summary>A cluster of <c>scripts/cluster</c>, below a directory and in a network of its own. Safe for all threads.</summary>
/// <param name="root">The checkout.</param>
/// <param name="state">Where the cluster keeps all that is its own. A short path: sockets are in it.</param>
/// <param name="network">The first three numbers of its addresses.</param>
internal sealed class ClusterScript(string root, string state, string network)
{
    /// <summary>Where the cluster keeps all that is its own.</summary>
    public string State => state;

    /// <summary>The URI of the database.</summary>
    public string DatabaseUri => File.ReadAllText(Path.Combine(state, "postgresql.uri")).Trim();

    /// <summary>One below a directory of this process, which is removed with it.</summary>
    public static ClusterScript OfThisProcess()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "Hydravisor.sln")))
        {
            root = root.Parent ?? throw new InvalidOperationException("This runs inside the source tree.");
        }

        var process = Environment.ProcessId;
        return new ClusterScript(
            root.FullName,
            Environment.GetEnvironmentVariable("HYDRAVISOR_CLUSTER") ?? Path.Combine(Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"hydravisor-chaos-{process}")),
            Environment.GetEnvironmentVariable("HYDRAVISOR_NETWORK") ?? string.Create(CultureInfo.InvariantCulture, $"10.{200 + (process / 200 % 50)}.{process % 200}"));
    }

    /// <summary>Where a node listens for clients.</summary>
    public IPEndPoint AddressOf(string node) => new(IPAddress.Parse($"{network}.1{node["node-".Length..]}"), 7411);

    /// <summary>The data directory of a node.</summary>
    public string DataOf(string node) => Path.Combine(state, node);

    /// <summary>The file that holds what a node says in this life of it.</summary>
    public string OutputOf(string node) => Path.Combine(DataOf(node), "logs", "node.out");

    /// <summary>Calls <c>scripts/cluster</c>.</summary>
    /// <param name="words">Its arguments.</param>
    /// <param name="stop">Ends the script; what it started stays.</param>
    public Task<Ran> RunAsync(IEnumerable<string> words, CancellationToken stop = default) => AnyAsync("cluster", words, stop);

    /// <summary>Calls it, and must succeed.</summary>
    public async Task<string> CheckedAsync(params string[] words)
    {
        var ran = await RunAsync(words);
        return ran.Code == 0 ? ran.Output : throw new InvalidOperationException($"scripts/cluster {string.Join(' ', words)} ended with {ran.Code}: {ran.Error}{ran.Output}");
    }

    /// <summary>Calls the program.</summary>
    public Task<Ran> ProgramAsync(params string[] words) => AnyAsync("hydravisor", words, CancellationToken.None);

    private async Task<Ran> AnyAsync(string script, IEnumerable<string> words, CancellationToken stop)
    {
        var start = new ProcessStartInfo(Path.Combine(root, "scripts", script), words)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        start.Environment["HYDRAVISOR_CLUSTER"] = state;
        start.Environment["HYDRAVISOR_NETWORK"] = network;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var (output, error) = (process.StandardOutput.ReadToEndAsync(CancellationToken.None), process.StandardError.ReadToEndAsync(CancellationToken.None));
        try
        {
            await process.WaitForExitAsync(stop);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }

        return new Ran(process.ExitCode, await output, await error);
    }
}
