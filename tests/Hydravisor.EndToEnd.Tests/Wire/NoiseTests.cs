using System.Text;
using Hydravisor.EndToEnd.Tests.Harness;
using Hydravisor.Protocol;
using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Wire;

/// <summary>A terminal that shows far more than anybody reads.</summary>
public sealed class NoiseTests(ITestOutputHelper output) : EndToEndTest(output)
{
    private const int BlockBytes = 1024 * 1024;
    private const int Blocks = 192;
    private const int WarmBlocks = 16;

    // Half of what is shown meanwhile, and a quarter of what it is for two on the wire.
    private const long MemoryBytesMax = 96L * BlockBytes;

    [Fact]
    public async Task A_terminal_s_noise_fills_no_memory_and_who_does_not_read_gets_the_screen_in_place_of_what_it_missed()
    {
        var node = await StartNodeAsync();
        await using var owner = await node.ConnectAsync();
        var id = await owner.CreateRunningAsync();
        await using var watched = await Watched.AttachAsync(node, id, TerminalRole.Auditor);
        await using var slow = await RawConnection.OpenAsync(node.Endpoint, () => node.Output.Tail, reading: false);
        await slow.SendAsync($$"""{"type":"vm/attach-terminal","instance_id":"{{id}}","role":"auditor","stream":true,"meta":{"request_id":"slow"} }""");
        await watched.UntilAsync(_ => watched.Resets > 0, "the first screen");
        var console = Path.Combine(node.Data, "vms", id, "console.log");
        var noise = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("noise, more noise\r\n", BlockBytes / 19)));
        var before = 0L;
        for (var block = 1; block <= Blocks; block++)
        {
            await File.AppendAllBytesAsync(console, noise);
            await File.AppendAllTextAsync(console, $"block {block};\r\n");
            await watched.UntilAsync(_ => watched.Shows($"block {block};"), $"block {block}");
            before = block == WarmBlocks ? node.ResidentBytes : before;
            Assert.InRange(before == 0 ? 0 : node.ResidentBytes - before, long.MinValue, MemoryBytesMax);
        }

        slow.Read();
        (await slow.ReplyAsync("slow")).MustBeOk("vm/attach-terminal");
        var (resets, bytes, shown) = (0, 0L, "");
        while (!shown.Contains($"block {Blocks};", StringComparison.Ordinal))
        {
            var line = await slow.LineAsync(line => line.Type() == "terminal/output", "the screen");
            resets += line.Flag("reset") ? 1 : 0;
            shown = Encoding.ASCII.GetString(line.GetProperty("data_b64").GetBytesFromBase64());
            bytes += shown.Length;
        }

        Assert.True(resets > 1, "One who did not read got no fresh screen.");
        Assert.InRange(bytes, 0, Blocks / 8 * BlockBytes);
    }
}
