using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using CsCheck;

namespace Hydravisor.House.Tests;

/// <summary>The guests' helper <c>images/hydra-log</c>, under the shells and programs of both images, with a file in the port's place.</summary>
public sealed class HydraLogTests : IDisposable
{
    private const string Busybox = "busybox";
    private const string Dash = "dash";

    // Any text that can be an argument of a program: no NUL, no half of a surrogate pair. Half of it is what JSON escapes.
    private static readonly Gen<string> Text = Gen.OneOf(
            Gen.Int[1, 0x1f],
            Gen.OneOf([.. "\"\\'`$%\n\t\u007f".Select(character => Gen.Const((int)character))]),
            Gen.Int[1, 0x7ff],
            Gen.Int[0x800, 0x10ffff].Where(Rune.IsValid))
        .Array[0, 60].Select(runes => string.Concat(runes.Select(rune => new Rune(rune).ToString())));

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("hydra-log-");

    private string Port => Path.Combine(_directory.FullName, "port");

    [Theory]
    [InlineData(Busybox)]
    [InlineData(Dash)]
    public void Any_text_becomes_one_line_of_json_that_says_it(string shell) =>
        Gen.Select(Text, Text).Sample(
            (message, value) =>
            {
                File.WriteAllText(Port, "");
                MustEnd(0, Run(shell, ["--field", "some " + Key(value) + "=" + value, "--", message]));
                using var line = JsonDocument.Parse(Assert.Single(Lines()));
                Assert.Equal(["timestamp", "msg", "some " + Key(value)], line.RootElement.EnumerateObject().Select(member => member.Name));
                Assert.Equal(message, line.RootElement.GetProperty("msg").GetString());
                Assert.Equal(value, line.RootElement.GetProperty("some " + Key(value)).GetString());
                DateTimeOffset.Parse(line.RootElement.GetProperty("timestamp").GetString()!, CultureInfo.InvariantCulture);
            },
            iter: 100,
            threads: 1);

    [Theory]
    [InlineData(Busybox)]
    [InlineData(Dash)]
    public void Each_line_of_standard_input_is_one_message(string shell) =>
        Text.Sample(
            text =>
            {
                File.WriteAllText(Port, "");
                MustEnd(0, Run(shell, ["-t", "2026-01-31T12:00:00.5+01:00"], text));
                Assert.Equal(LinesOf(text), Lines().Select(line => JsonSerializer.Deserialize<JsonElement>(line).GetProperty("msg").GetString()));
                Assert.All(Lines(), line => Assert.StartsWith("""{"timestamp":"2026-01-31T12:00:00.5+01:00","msg":""", line, StringComparison.Ordinal));
            },
            iter: 30,
            threads: 1);

    [Theory]
    [InlineData(Busybox)]
    [InlineData(Dash)]
    public void Raw_lines_go_as_they_are(string shell)
    {
        File.WriteAllText(Port, "");
        MustEnd(0, Run(shell, ["--raw"], "{\"msg\":\"a\\\\b\",\"n\":1}\n\nno end"));
        Assert.Equal(["{\"msg\":\"a\\\\b\",\"n\":1}", "", "no end"], Lines());
    }

    [Theory]
    [InlineData(Busybox)]
    [InlineData(Dash)]
    public async Task Lines_of_several_at_once_never_mix(string shell)
    {
        File.WriteAllText(Port, "");
        string[] messages = [.. Enumerable.Range(0, 8).Select(number => new string((char)('a' + number), 40_000))];
        await Task.WhenAll(messages.Select(message => Task.Run(() => MustEnd(0, Run(shell, [], message)))));
        Assert.Equal(messages, Lines().Select(line => JsonSerializer.Deserialize<JsonElement>(line).GetProperty("msg").GetString()!).Order());
    }

    [Theory]
    [InlineData(Busybox)]
    [InlineData(Dash)]
    public async Task A_host_that_does_not_read_is_waited_for(string shell)
    {
        using (var mkfifo = Process.Start("mkfifo", [Port]))
        {
            await mkfifo.WaitForExitAsync();
        }

        var saying = Task.Run(() => Run(shell, ["-t", "2026-01-31T12:00:00Z", "late"]));
        Assert.Equal("""{"timestamp":"2026-01-31T12:00:00Z","msg":"late"}""" + "\n", await File.ReadAllTextAsync(Port));
        MustEnd(0, await saying);
    }

    // A program that runs cannot be written to either. The shell's sleep ends it: nothing is waited for but that. (busybox has a sleep of its own.)
    [Fact]
    public void A_port_that_another_holds_is_waited_for()
    {
        File.Copy("/bin/sleep", Port);
        var before = new FileInfo(Port).Length;
        using var holder = Process.Start(Port, ["600"]);
        var sleep = Path.Combine(_directory.FullName, "sleep");
        File.WriteAllText(sleep, $"#!/bin/sh\nkill {holder.Id}\nexit 1\n");
        File.SetUnixFileMode(sleep, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        MustEnd(0, Run(Dash, ["-t", "2026-01-31T12:00:00Z", "mine"], first: _directory.FullName));
        holder.WaitForExit();
        Assert.Equal("""{"timestamp":"2026-01-31T12:00:00Z","msg":"mine"}""" + "\n", Encoding.UTF8.GetString(File.ReadAllBytes(Port).AsSpan((int)before)));
    }

    [Theory]
    [InlineData(Busybox)]
    [InlineData(Dash)]
    public void Where_nothing_can_be_sent_it_says_why(string shell)
    {
        Assert.Contains($"there is no log port ({Port})", MustEnd(1, Run(shell, ["lost"])), StringComparison.Ordinal);
        Assert.False(File.Exists(Port));
        File.CreateSymbolicLink(Port, "/dev/full");
        Assert.Contains("in part or not at all", MustEnd(1, Run(shell, ["lost"])), StringComparison.Ordinal);
        Assert.Contains("in part or not at all", MustEnd(1, Run(shell, [new string('x', 5000)])), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--unknown")]
    [InlineData("-t")]
    [InlineData("-t", "yesterday", "x")]
    [InlineData("-t", "2026-01-31T12:00:00Z\"", "x")]
    [InlineData("-f", "no value", "x")]
    [InlineData("-f", "=x", "x")]
    [InlineData("-f", "msg=x", "x")]
    [InlineData("-f", "a=,", "-f", "b=2", "-f", "a=3", "x")]
    [InlineData("--raw", "x")]
    [InlineData("--raw", "-f", "a=1")]
    public void A_wrong_call_sends_nothing(params string[] arguments)
    {
        File.WriteAllText(Port, "");
        Assert.All([Busybox, Dash], shell => Assert.StartsWith("hydra-log: ", MustEnd(2, Run(shell, arguments)), StringComparison.Ordinal));
        Assert.Empty(Lines());
    }

    [Theory]
    [InlineData("tiny")]
    [InlineData("debian-12")]
    public void Both_images_bear_it_and_are_built_anew_when_it_changes(string image)
    {
        var recipe = Tree.Read($"images/{image}/build.sh");
        Assert.Contains("RECIPE_INPUTS=(\"$here/../hydra-log\")", recipe, StringComparison.Ordinal);
        Assert.Contains("/usr/bin/hydra-log", recipe, StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private static string Key(string text) => text.Replace("=", "", StringComparison.Ordinal);

    private static string[] LinesOf(string text) => (text.EndsWith('\n') || text.Length == 0 ? text : text + "\n").Split('\n')[..^1];

    private static string MustEnd(int code, (int Code, string Said) ran)
    {
        Assert.True(ran.Code == code, $"It ended with {ran.Code} and said: {ran.Said}");
        return ran.Said;
    }

    private string[] Lines() => LinesOf(File.ReadAllText(Port));

    private (int Code, string Said) Run(string shell, string[] arguments, string input = "", string? first = null)
    {
        var words = shell == Busybox ? ["sh"] : Array.Empty<string>();
        var start = new ProcessStartInfo(shell, [.. words, Path.Combine(Tree.Root, "images", "hydra-log"), .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
        };
        start.Environment["HYDRA_LOG_PORT"] = Port;
        start.Environment["PATH"] = first is null ? start.Environment["PATH"] : $"{first}:{start.Environment["PATH"]}";
        using var process = Process.Start(start)!;
        try
        {
            process.StandardInput.Write(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended before it read.
        }

        var said = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, said);
    }
}
