using System.Globalization;
using System.Text;
using Hydravisor.EndToEnd.Tests.Harness;
using Hydravisor.Protocol;
using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Qemu;

/// <summary>Real guests that write as fast as they can to their terminal.</summary>
public sealed class NoiseTests(ITestOutputHelper output) : QemuTest(output)
{
    // Beyond what the node holds once it has shown the first of it: a collector's breath, and nothing that could grow with what is written.
    private const long MemoryBytesMax = 128L * 1024 * 1024;

    // An emulated serial line carries 40 KB a second: what is far more comes from a simulated one (Wire/NoiseTests).
    private const long NoiseBytes = 256L * 1024;
    private const int Turns = 4;

    [Fact]
    public async Task A_noisy_guest_fills_no_memory_and_keeps_no_other_terminal_from_answering_and_who_did_not_read_sees_the_screen()
    {
        var node = await StartRealNodeAsync();
        await using var client = await node.ConnectClientAsync();
        var (noisy, quiet) = (await CreateRunningAsync(client), await CreateRunningAsync(client));
        await using var operating = await Watched.AttachAsync(node, noisy, TerminalRole.Operator);
        await using var other = await Watched.AttachAsync(node, quiet, TerminalRole.Operator);
        await other.Feed.TypeAsync("\r");
        await other.SeeAsync("# ");
        await using var slow = await RawConnection.OpenAsync(node.Endpoint, () => node.Output.Tail, reading: false);
        await slow.SendAsync($$"""{"type":"vm/attach-terminal","instance_id":"{{noisy}}","role":"auditor","stream":true,"meta":{"request_id":"slow"} }""");
        var (answers, before) = (0, 0L);
        foreach (var noise in (string[])["yes noise", "cat /dev/urandom | base64"])
        {
            var quietUntil = operating.Bytes;
            await operating.Feed.TypeAsync($"\r{noise}\r");
            for (var turn = 1; turn <= Turns; turn++)
            {
                // In the midst of it the other VM's terminal answers.
                await operating.UntilAsync(watched => watched.Bytes >= quietUntil + (turn * NoiseBytes / Turns), noise);
                answers++;
                await other.Feed.TypeAsync(string.Create(CultureInfo.InvariantCulture, $"echo answer-$(({answers}+7000))\r"));
                await other.SeeAsync(string.Create(CultureInfo.InvariantCulture, $"answer-{answers + 7000}"));
                before = answers == 1 ? node.ResidentBytes : before;
                Assert.InRange(node.ResidentBytes - before, long.MinValue, MemoryBytesMax);
            }

            // Read on while typing: who does not read gets no answers either.
            Task[] typed = [operating.Feed.TypeAsync("\u0003"), operating.Feed.TypeAsync($"\recho silence-$((9000+{answers / Turns}))\r")];
            await operating.SeeAsync($"silence-{9000 + (answers / Turns)}");
            await Task.WhenAll(typed);
        }

        slow.Read();
        await MustCatchUpAsync(slow, noisy);
    }

    // Whether from what was kept for it or by a fresh screen.
    private static async Task MustCatchUpAsync(RawConnection slow, string id)
    {
        (await slow.ReplyAsync("slow")).MustBeOk("vm/attach-terminal");
        var screen = new StringBuilder();
        while (!screen.ToString().Contains("silence-9002", StringComparison.Ordinal))
        {
            var output = await slow.LineAsync(line => line.Type() == "terminal/output" && line.Text("instance_id") == id, "the screen, after the silence");
            screen.Append(Encoding.Latin1.GetString(output.GetProperty("data_b64").GetBytesFromBase64()));
        }
    }
}
