using System.Diagnostics;
using Hydravisor.Client.Tests;
using Hydravisor.Protocol;

namespace Hydravisor.Host.Tests;

/// <summary>The real program in a process of its own.</summary>
public class ProcessTests
{
    [Fact]
    public async Task A_client_verb_prints_its_result_and_does_not_load_Akka()
    {
        await using var server = new ScriptedServer();
        var accepted = server.AcceptAsync();
        using var program = Process.Start(new ProcessStartInfo(
            "dotnet", [Path.Combine(AppContext.BaseDirectory, "hydravisor.dll"), "vm", "list", "-o", "json"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["HYDRAVISOR_CONNECT"] = server.Address },
        })!;
        try
        {
            using var peer = await accepted;
            var loaded = "";
            await peer.AnswerAsync<VmList>(_ =>
            {
                // The program waits for us: what it needs is loaded by now.
                loaded = File.ReadAllText($"/proc/{program.Id}/maps");
                return new VmListReply { Instances = [Samples.State()] };
            });
            Assert.StartsWith("[{\"type\":\"vm/state\"", await program.StandardOutput.ReadToEndAsync(), StringComparison.Ordinal);
            Assert.Empty(await program.StandardError.ReadToEndAsync());
            await program.WaitForExitAsync().WaitAsync(ScriptedServer.Patience);
            Assert.Equal(0, program.ExitCode);
            Assert.Contains("/System.CommandLine.dll", loaded, StringComparison.Ordinal);
            Assert.DoesNotContain("/Akka", loaded, StringComparison.Ordinal);
            Assert.DoesNotContain("/Serilog", loaded, StringComparison.Ordinal);
        }
        finally
        {
            if (!program.HasExited)
            {
                program.Kill(entireProcessTree: true);
            }
        }
    }
}
