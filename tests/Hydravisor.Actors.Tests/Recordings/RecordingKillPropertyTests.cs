using System.Text;
using CsCheck;
using Hydravisor.Actors.Recordings;

namespace Hydravisor.Actors.Tests.Recordings;

public sealed class RecordingKillPropertyTests
{
    /// <summary>One life of the process: what the console shows in it, and where the file ends when it was killed (in thousandths of what this life wrote).</summary>
    private static readonly Gen<(byte[] Shown, int Left)> Life = Gen.Select(
        Gen.OneOf(Gen.Byte.Array[0, 300], Gen.String[0, 100].Select(text => Encoding.UTF8.GetBytes(text))), Gen.Int[0, 1000]);

    [Fact]
    public void Each_byte_of_the_console_is_recorded_once_wherever_the_file_was_torn() =>
        Life.Array[1, 8].Sample(
            lives =>
            {
                using var vm = new RecordedVm();
                vm.Settings = vm.Settings with { FileBytesMax = 1500 };
                var shown = new List<byte>();
                foreach (var (bytes, left) in lives)
                {
                    using (var recording = vm.Open())
                    {
                        Take(vm, recording, bytes.AsSpan(0, bytes.Length / 2));
                        Take(vm, recording, bytes.AsSpan(bytes.Length / 2));
                        shown.AddRange(bytes);
                    }

                    // A torn write leaves any beginning of the newest file.
                    using var file = new FileStream(vm.Files[^1], FileMode.Open, FileAccess.ReadWrite);
                    file.SetLength(file.Length * left / 1000);
                }

                using var last = vm.Open();
                Assert.True(last.End().IsDone);
                Assert.Equal(Encoding.UTF8.GetString([.. shown]), vm.Output);
                Assert.Equal(vm.Events.Select(each => each.At).Order(), vm.Events.Select(each => each.At));
            },
            iter: 150,
            threads: 1);

    [Fact]
    public void Text_does_not_depend_on_where_the_reads_split() =>
        Gen.Select(Gen.OneOf(Gen.Byte.Array[0, 60], Gen.String[0, 30].Select(text => Encoding.UTF8.GetBytes(text))), Gen.Int[0, 60], Gen.Int[0, 60]).Sample((bytes, a, b) =>
        {
            var (first, second) = (Math.Min(Math.Min(a, b), bytes.Length), Math.Min(Math.Max(a, b), bytes.Length));
            var text = new ConsoleText();
            var split = new StringBuilder();
            split.Append(text.Decode(bytes.AsSpan(0, first))).Append(text.Decode(bytes.AsSpan(first, second - first))).Append(text.Decode(bytes.AsSpan(second))).Append(text.End());
            return split.ToString() == Encoding.UTF8.GetString(bytes);
        });

    private static void Take(RecordedVm vm, VmRecording recording, ReadOnlySpan<byte> bytes)
    {
        vm.Console.Write(bytes);
        vm.Time.Advance(TimeSpan.FromMilliseconds(7));
        Assert.True(recording.Drain().IsDone, recording.Fault);
    }
}
