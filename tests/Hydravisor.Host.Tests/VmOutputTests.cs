using System.Text.Json;
using Hydravisor.Client.Tests;
using Hydravisor.Protocol;

namespace Hydravisor.Host.Tests;

/// <summary>What people and programs get to see.</summary>
public class VmOutputTests
{
    private static readonly VmStateMessage Full = Samples.State(name: "llama-sandbox") with
    {
        State = VmPhase.Failed,
        Reason = "QEMU ended",
        Disk = "20GB",
        Model = "ollama:llama3",
        Labels = new Dictionary<string, string> { ["team"] = "red", ["tier"] = "1" },
        RecordSession = true,
        Owner = "anonymous",
    };

    [Fact]
    public async Task A_list_is_a_table_for_people()
    {
        await using var run = new VerbRun();
        await run.AnswerAsync<VmList>(new VmListReply { Instances = [Samples.State(), Full] }, "vm", "list");
        Assert.Equal(
            """
            ID           NAME           STATE    OS    CPU  RAM    NODE    SINCE
            vm-23ac1a9d  vm-23ac1a9d    running  tiny  1    128MB  node-1  2025-05-29 20:15:42Z
            vm-23ac1a9d  llama-sandbox  failed   tiny  1    128MB  node-1  2025-05-29 20:15:42Z

            """,
            Lines(run.Output));
        Assert.Empty(run.Error);
        Assert.Equal(0, await run.ExitAsync());
    }

    [Fact]
    public async Task A_list_is_one_array_of_the_objects_of_the_wire_for_programs()
    {
        await using var run = new VerbRun();
        var sent = await run.AnswerAsync<VmList>(
            new VmListReply { Instances = [Samples.State(), Full] }, "vm", "list", "-o", "json", "--label", "team=red", "--label", "a=b=c", "--state", "failed");
        Assert.Equal(("red", "b=c", "failed"), (sent.Labels!["team"], sent.Labels["a"], sent.State));
        var array = JsonDocument.Parse(run.Output).RootElement;
        Assert.Equal(2, array.GetArrayLength());
        Assert.Equal("ollama:llama3", array[1].GetProperty("model").GetString());
        Assert.Equal("vm/state", array[0].GetProperty("type").GetString());
        Assert.Single(run.Output.TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public async Task An_empty_list_says_so_beside_the_output()
    {
        await using var run = new VerbRun();
        await run.AnswerAsync<VmList>(new VmListReply { Instances = [] }, "vm", "list");
        Assert.Equal(("", "There are no VMs. To make one: hydravisor vm create tiny\n"), (run.Output, run.Error));

        await using var json = new VerbRun();
        await json.AnswerAsync<VmList>(new VmListReply { Instances = [] }, "vm", "list", "-o", "json");
        Assert.Equal(("[]\n", ""), (json.Output, json.Error));
    }

    [Fact]
    public async Task All_about_one_VM_is_a_table_or_its_object()
    {
        await using var run = new VerbRun();
        using (var peer = await run.ConnectAsync("vm", "info", "vm-0123456789ab"))
        {
            Assert.True((await peer.AnswerAsync<VmStateQuery>(_ => Full)).Query);
            Assert.Equal(0, await run.ExitAsync());
        }

        Assert.Equal(
            """
            id           vm-23ac1a9d
            name         llama-sandbox
            state        failed
            reason       QEMU ended
            since        2025-05-29 20:15:42Z
            node         node-1
            os           tiny
            cpu          1
            ram          128MB
            disk         20GB
            network      none
            model        ollama:llama3
            labels       team=red tier=1
            recorded     yes
            owner        anonymous
            incarnation  1
            revision     1

            """,
            Lines(run.Output));

        await using var json = new VerbRun();
        await json.AnswerAsync<VmStateQuery>(Full, "vm", "info", "vm-0123456789ab", "-o", "json");
        Assert.Equal("QEMU ended", JsonDocument.Parse(json.Output).RootElement.GetProperty("reason").GetString());
        Assert.DoesNotContain("request_id", json.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, null, true)]
    [InlineData(true, "1", false)]
    [InlineData(true, "", true)]
    [InlineData(false, null, false)]
    public async Task Colours_are_for_terminals_without_NO_COLOR(bool terminal, string? noColor, bool coloured)
    {
        await using var run = new VerbRun { OutputIsTerminal = terminal };
        if (noColor is not null)
        {
            run.Variables["NO_COLOR"] = noColor;
        }

        await run.AnswerAsync<VmList>(new VmListReply { Instances = [Samples.State()] }, "vm", "list");
        Assert.Equal(coloured, run.Output.Contains('\u001b', StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_agents_write_cannot_steer_the_terminal()
    {
        var evil = Full with { Name = "a\u001b[2Jb", Reason = "x\u202Ey\u2066\n\u009b31m", Model = "[red]m[/]" };
        foreach (var args in new string[][] { ["vm", "list"], ["vm", "info", "vm-0123456789ab"] })
        {
            await using var run = new VerbRun();
            using var peer = await run.ConnectAsync(args);
            if (args[1] == "list")
            {
                await peer.AnswerAsync<VmList>(_ => new VmListReply { Instances = [evil] });
            }
            else
            {
                await peer.AnswerAsync<VmStateQuery>(_ => evil);
            }

            await run.ExitAsync();
            Assert.DoesNotContain(run.Output, character => character is '\u001b' or '\u202E' or '\u2066' or '\u009b');
            Assert.Contains("a\uFFFD[2Jb", run.Output, StringComparison.Ordinal);
            Assert.True(args[1] == "list" || run.Output.Contains("[red]m[/]", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task A_long_table_is_not_cut_where_no_terminal_is()
    {
        await using var run = new VerbRun();
        var state = Samples.State(name: new string('n', 40)) with { Os = new string('o', 300), Node = new string('x', 300) };
        await run.AnswerAsync<VmList>(new VmListReply { Instances = [state] }, "vm", "list");
        Assert.Contains(state.Os, run.Output, StringComparison.Ordinal);
        Assert.Equal(2, run.Output.TrimEnd('\n').Split('\n').Length);
    }

    /// <summary>Without the spaces at the ends of lines, which nobody sees.</summary>
    private static string Lines(string text) => string.Join('\n', text.ReplaceLineEndings("\n").Split('\n').Select(line => line.TrimEnd()));
}
