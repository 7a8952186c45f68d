using System.Buffers;
using System.Text;
using CsCheck;
using Hydravisor.Actors.Access;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Sessions;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Tests.Sessions;

public sealed class ExecTranslationTests
{
    private static readonly VmView View = new(
        Samples.Id, "node-1", "anonymous", VmPhase.Running, Samples.Noon, null, 2, 7, "web", "tiny", 1, 1, 0, NetworkMode.None, null,
        new Dictionary<string, string>(), false);

    private static readonly VmExec Exec = new() { InstanceId = Samples.Id.Value };

    [Fact]
    public void A_command_is_the_shells_and_an_array_is_nobodys()
    {
        var command = ExecTranslation.ToCommand(Exec with { Command = "ls; id" });
        Assert.Equal(["/bin/sh", "-c", "ls; id"], command.Argv);
        Assert.Equal((null, 30), (command.Stdin, command.LimitSeconds));
        var argv = ExecTranslation.ToCommand(Exec with { Argv = ["/bin/ls", "$HOME"], Stdin = "ä", TimeoutS = 5 });
        Assert.Equal(["/bin/ls", "$HOME"], argv.Argv);
        Assert.Equal([0xC3, 0xA4], argv.Stdin!);
        Assert.Equal(5, argv.LimitSeconds);
    }

    [Fact]
    public void What_cannot_be_run_is_refused_with_what_would_be_right()
    {
        Wrong(Exec, ErrorCode.BadRequest, "command", "argv");
        Wrong(Exec with { Command = "ls", Argv = ["/bin/ls"] }, ErrorCode.BadRequest, "only one");
        Wrong(Exec with { Argv = ["/bin/ls", null!] }, ErrorCode.BadRequest, "null");
        Wrong(Exec with { Argv = [] }, ErrorCode.Impossible, "absolute path");
        Wrong(Exec with { Argv = ["ls"] }, ErrorCode.Impossible, "/bin/ls");
        Wrong(Exec with { Argv = ["/bin/ls", "a\0b"] }, ErrorCode.Impossible, "NUL");
        Wrong(Exec with { Command = "a\0b" }, ErrorCode.Impossible, "NUL");
        Wrong(Exec with { Command = "ls", TimeoutS = 0 }, ErrorCode.Impossible, "timeout_s 0", "3600");
        Wrong(Exec with { Command = "ls", TimeoutS = 3601 }, ErrorCode.Impossible, "timeout_s 3601");
        Assert.Null(ExecTranslation.Wrong(Exec with { Command = "ls", TimeoutS = 3600 }));
    }

    [Fact]
    public void Any_output_comes_back_as_it_was_on_a_line_that_is_not_too_long() =>
        Gen.Select(Gen.Byte.Array[0, 300], Gen.Bool, Gen.Bool).Sample((bytes, text, cut) =>
        {
            var output = text ? Encoding.UTF8.GetBytes(Encoding.Latin1.GetString(bytes)) : bytes;
            output = cut && output.Length > 0 ? output[..^1] : output;
            var reply = Reply(output, []);
            Assert.True(reply.Stdout is null != reply.StdoutB64 is null);
            if (reply.StdoutB64 is { } base64)
            {
                Assert.Equal(output, Convert.FromBase64String(base64));
            }
            else
            {
                // All but the first bytes of a character that was cut in two.
                var back = Encoding.UTF8.GetBytes(reply.Stdout!);
                Assert.Equal(output[..back.Length], back);
                Assert.InRange(output.Length - back.Length, 0, 3);
            }
        });

    [Theory]
    [InlineData(0x00)]
    [InlineData(0xFF)]
    [InlineData((byte)'"')]
    [InlineData((byte)'a')]
    public void The_longest_answer_is_no_longer_than_the_longest_line(byte each)
    {
        var most = Enumerable.Repeat(each, Limits.ExecOutputBytesMax).ToArray();
        var line = new ArrayBufferWriter<byte>();
        LineCodec.Encode(Reply(most, most), line);
        Assert.InRange(line.WrittenCount, 1, Limits.LineBytesMax);
    }

    private static ExecReply Reply(byte[] output, byte[] errors) => ExecTranslation.ToReply(
        new Pending(MessageTypes.VmExec, "r1", Samples.Id.Value, Principal.Nobody, "rule", "policy", 0), new VmReply.Executed(View, 0, output, errors, Truncated: false) { Correlation = 1 });

    private static void Wrong(VmExec exec, ErrorCode code, params string[] says)
    {
        var wrong = ExecTranslation.Wrong(exec);
        Assert.Equal(code, wrong?.Code);
        Assert.All(says, word => Assert.Contains(word, wrong!.Value.Message, StringComparison.Ordinal));
    }
}
