using System.Diagnostics;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Recordings;

namespace Hydravisor.Actors.Tests.Recordings;

public sealed class NodeRecordingsTests : IDisposable
{
    private readonly RecordedVm _vm = new();

    public void Dispose() => _vm.Dispose();

    [Fact]
    public async Task A_recording_goes_on_over_a_restart_of_the_node()
    {
        await using (var node = _vm.Node())
        {
            Assert.True((await node.BeginAsync(RecordedVm.Id, _vm.Start)).IsDone);
            Assert.True((await node.BeginAsync(RecordedVm.Id, _vm.Start)).IsDone);
            Assert.True((await node.InputAsync(RecordedVm.Id, "f00d", "ls\r"u8.ToArray())).IsDone);
            _vm.Console.Write("one ");
        }

        _vm.Console.Write("two");
        await using (var node = _vm.Node())
        {
            await node.BeginAsync(RecordedVm.Id, _vm.Start);
            Assert.True((await node.DrainAsync(RecordedVm.Id)).IsDone);
            Assert.True((await node.EndAsync(RecordedVm.Id)).IsDone);
            Assert.True((await node.EndAsync(RecordedVm.Id)).IsDone);
        }

        Assert.Equal("one two", _vm.Output);
        Assert.Single(_vm.Markers);
    }

    [Fact]
    public async Task Output_is_recorded_without_being_asked_for()
    {
        await using var node = new NodeRecordings(_vm.Recordings, _vm.Settings with { FlushInterval = TimeSpan.FromMilliseconds(5) }, TimeProvider.System);
        await node.BeginAsync(RecordedVm.Id, _vm.Start);
        _vm.Console.Write("shown");

        await Wait.Until(() => _vm.Output == "shown", "the output in the file");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(long.MaxValue)]
    public async Task The_room_is_known_before_any_timer_ran_and_anything_was_recorded(long wanted)
    {
        _vm.Time.RunsAtOnce = false;
        _vm.Settings = _vm.Settings with { DiskFreeMinBytes = wanted };
        var told = new List<string>();
        await using var node = _vm.Node(told.Add);
        Assert.Equal((wanted == 0, wanted == 0 ? 0 : 1), (node.Refusal is null, told.Count));
    }

    [Fact]
    public async Task Input_to_what_is_not_recorded_is_refused()
    {
        await using var node = _vm.Node();

        Assert.Equal(OutcomeKind.Failed, (await node.InputAsync(RecordedVm.Id, "f00d", "x"u8.ToArray())).Kind);
    }

    [Fact]
    public async Task While_the_disk_is_full_new_sessions_are_refused_and_the_operator_is_told_once()
    {
        var told = new List<string>();
        await using var node = _vm.Node(told.Add);
        await node.BeginAsync(RecordedVm.Id, _vm.Start);
        Assert.Null(node.Refusal);

        _vm.Disk.Room = 5;
        _vm.Console.Write("shown");
        Assert.Equal(OutcomeKind.Unavailable, (await node.DrainAsync(RecordedVm.Id)).Kind);
        Assert.Equal(OutcomeKind.Unavailable, (await node.DrainAsync(RecordedVm.Id)).Kind);
        Assert.Contains("No space left", node.Refusal, StringComparison.Ordinal);
        Assert.Single(told);

        _vm.Disk.Room = null;
        Assert.True((await node.DrainAsync(RecordedVm.Id)).IsDone);
        Assert.Null(node.Refusal);
        Assert.Equal(2, told.Count);
        Assert.Equal("shown", _vm.Output);
    }

    [Fact]
    public async Task Recordings_outlive_their_vm_until_their_age_is_over()
    {
        await using (var node = _vm.Node())
        {
            await node.BeginAsync(RecordedVm.Id, _vm.Start);
            await node.EndAsync(RecordedVm.Id);
        }

        File.SetLastWriteTimeUtc(_vm.Files[0], _vm.Time.GetUtcNow().UtcDateTime);
        _vm.Time.Advance(_vm.Settings.AgeMax);
        await using (_vm.Node())
        {
        }

        Assert.Single(_vm.Files);
        _vm.Time.Advance(TimeSpan.FromSeconds(1));
        await using (_vm.Node())
        {
        }

        Assert.False(Directory.Exists(_vm.Folder));
    }

    [Fact]
    public async Task Asciinema_plays_what_a_node_is_still_writing_and_what_was_exported()
    {
        await using var node = _vm.Node();
        await node.BeginAsync(RecordedVm.Id, _vm.Start);
        await node.InputAsync(RecordedVm.Id, "f00d", "ls\r"u8.ToArray());
        await node.ResizedAsync(RecordedVm.Id, 100, 30);
        _vm.Console.Write("grüße 🙂 \u001b[31mred\u001b[0m \u0001\u007f done");
        await node.DrainAsync(RecordedVm.Id);
        var exported = Path.Combine(_vm.Recordings, "exported.cast");
        await File.WriteAllLinesAsync(exported, RecordingReader.Export(_vm.Parts, withInput: true));

        foreach (var file in (string[])[_vm.Files[0], exported])
        {
            // It wants a terminal, which script(1) is.
            Assert.Contains("grüße 🙂 \u001b[31mred\u001b[0m \u0001\u007f done", await RunAsync("script", "-qec", $"asciinema cat '{file}'", "/dev/null"), StringComparison.Ordinal);
            Assert.Contains("grüße 🙂", await RunAsync("asciinema", "play", "-i", "0.01", file), StringComparison.Ordinal);
        }
    }

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardInput = true, StandardOutputEncoding = System.Text.Encoding.UTF8 };
        start.Environment["LC_ALL"] = "C.UTF-8";
        start.Environment["ASCIINEMA_CONFIG_HOME"] = Path.GetTempPath();
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        await Wait.For(process.WaitForExitAsync(), $"the end of {program}");
        Assert.Equal(0, process.ExitCode);
        return await output;
    }
}
