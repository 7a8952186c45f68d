using System.Buffers;
using System.Text;
using System.Text.Json;
using CsCheck;
using Hydravisor.Actors.Logs;
using Hydravisor.Actors.Logs.Entries;
using Hydravisor.Actors.Logs.Segments;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Tests.Logs;

/// <summary>Random frames, kills at any byte, retention and readings against a plain list of what was stored.</summary>
public sealed class SegmentStoreTests
{
    private static readonly InstanceId Id = InstanceId.Parse("vm-0123456789ab");
    private static readonly LogsSettings Settings = new() { SegmentBytes = 2000, BytesMax = 6000 };

    private enum Step
    {
        Append,
        Reopen,
        Kill,
        KillAtNewFile,
        Read,
    }

    [Fact]
    public void Numbers_have_no_holes_never_restart_and_a_gap_is_exactly_what_is_gone()
    {
        var step = Gen.Select(Gen.Frequency((6, Gen.Const(Step.Append)), (1, Gen.Const(Step.Reopen)), (2, Gen.Const(Step.Kill)), (1, Gen.Const(Step.KillAtNewFile)), (2, Gen.Const(Step.Read))), Gen.Int[1, 30], Gen.Int[0, 1000]);
        step.Array[1, 60].Sample(
            story =>
            {
                using var run = new Run();
                foreach (var (what, size, where) in story)
                {
                    run.Do(what, size, where);
                }

                run.Do(Step.Reopen, 1, 0);
                run.Do(Step.Read, 7, 0);
                run.Do(Step.Read, 1000, 0);
            },
            iter: 60,
            threads: 1);
    }

    [Fact]
    public void Old_entries_go_and_the_state_stays()
    {
        using var run = new Run();
        run.Do(Step.Append, 3, 0);
        run.Store.Retain(Settings, DateTimeOffset.FromUnixTimeMilliseconds(0) + TimeSpan.FromDays(365 * 100));
        Assert.Equal(4, run.Store.First);
        run.Do(Step.Reopen, 1, 0);
        run.Do(Step.Append, 1, 0);
        Assert.Equal(4, run.Store.State.LastSeq);
        Assert.Equal("""{"gap":{"from":1,"to":3}}""", run.Read(1, 1000, 10)[0]);
    }

    [Fact]
    public void A_log_that_is_damaged_from_its_beginning_is_put_aside_and_its_numbers_go_on()
    {
        using var run = new Run();
        run.Do(Step.Append, 3, 0);
        run.Store.Retain(Settings, DateTimeOffset.FromUnixTimeMilliseconds(0) + TimeSpan.FromDays(365 * 100));
        var path = run.Store.PathOf(4);
        File.WriteAllBytes(path, [.. Enumerable.Repeat((byte)1, 500)]);
        Assert.Equal(3, run.OpenAgain().State.LastSeq);
        Assert.True(File.Exists(path + ".damaged"));
    }

    [Fact]
    public void A_damaged_file_is_a_gap_and_no_more()
    {
        using var run = new Run();
        while (run.Store.Firsts.Count < 3)
        {
            run.Do(Step.Append, 5, 0);
        }

        var firsts = run.Store.Firsts;
        var path = run.Store.PathOf(firsts[1]);
        var bytes = File.ReadAllBytes(path);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(path, bytes);
        var read = run.Read(1, 1_000_000, 1_000_000);
        var gap = Assert.Single(read, entry => entry.StartsWith("{\"gap\"", StringComparison.Ordinal));
        Assert.EndsWith($"\"to\":{firsts[2] - 1}}}}}", gap, StringComparison.Ordinal);
        Assert.Equal(run.Store.State.LastSeq, run.LastNext - 1);
    }

    private sealed class Run : IDisposable
    {
        private readonly TemporaryDirectory _directory = new();
        private readonly SegmentReader _reader = new(300);
        private readonly List<string> _entries = [];
        private readonly DateTimeOffset _now = TimeProvider.System.GetUtcNow();
        private LogState _state;

        public Run() => Store = SegmentStore.Open(_directory.Path, Id, _reader);

        public SegmentStore Store { get; private set; }

        public long LastNext { get; private set; }

        public void Dispose()
        {
            _reader.Dispose();
            _directory.Dispose();
        }

        public void Do(Step what, int size, int where)
        {
            switch (what)
            {
                case Step.Append:
                    Append(size);
                    break;
                case Step.Kill:
                    Kill(size, where);
                    break;
                case Step.KillAtNewFile:
                    if (Store.Firsts.Count > 0 && Store.State.LastSeq >= Store.Firsts[^1])
                    {
                        File.WriteAllBytes(Store.PathOf(Store.State.LastSeq + 1), new byte[where % FrameHeader.Bytes]);
                    }

                    Reopen();
                    break;
                case Step.Reopen:
                    Reopen();
                    break;
                default:
                    Check(1 + (where * (Store.State.LastSeq + 1) / 1000), size * 40, size);
                    break;
            }
        }

        public List<string> Read(long from, int bytesMax, int? entriesMax)
        {
            var to = new ArrayBufferWriter<byte>();
            (LastNext, _) = new LogReader(_reader).Read(Store, from, to, bytesMax, entriesMax, default);
            using var read = JsonDocument.Parse($"[{Encoding.UTF8.GetString(to.WrittenSpan)}]");
            return [.. read.RootElement.EnumerateArray().Select(entry => entry.GetRawText())];
        }

        private void Append(int size)
        {
            var frame = new FrameBuilder(10);
            frame.Begin(_state.LastSeq + 1);
            for (var entry = 0; entry < size; entry++)
            {
                EntryWriter.Lifecycle(frame, _now, new string('x', (size * 7 + entry) % 50));
            }

            _state = new LogState(frame.Next - 1, _state.Lifecycle + 1, _state.Console with { Offset = _state.Console.Offset + size }, _state.Port);
            Store.Append(frame, _state, Settings, _now);
            using var written = JsonDocument.Parse($"[{Encoding.UTF8.GetString(frame.Json)}]");
            _entries.AddRange(written.RootElement.EnumerateArray().Select(entry => entry.GetRawText()));
            var total = Store.Firsts.Sum(first => new FileInfo(Store.PathOf(first)).Length);
            Assert.True(total <= Settings.BytesMax + 3000, $"{total} bytes are kept.");
        }

        // What a kill in the middle of the one write of a frame leaves.
        private void Kill(int size, int where)
        {
            var (before, count) = (_state, _entries.Count);
            Append(size);
            var path = Store.PathOf(Store.Firsts[^1]);
            var length = new FileInfo(path).Length;
            var frame = LastFrameBytes(path);
            using (var file = new FileStream(path, FileMode.Open))
            {
                file.SetLength(length - frame + (where * frame / 1001));
            }

            _state = before;
            _entries.RemoveRange(count, size);
            Reopen();
        }

        private long LastFrameBytes(string path)
        {
            var (before, after) = (0L, 0L);
            _reader.Open(path, 0);
            while (_reader.TryNext(out _))
            {
                (before, after) = (after, _reader.Offset);
            }

            _reader.Close();
            return after - before;
        }

        public SegmentStore OpenAgain() => SegmentStore.Open(_directory.Path, Id, _reader);

        private void Reopen()
        {
            Store = OpenAgain();
            Assert.Equal(_state, Store.State);
        }

        private void Check(long from, int bytesMax, int entriesMax)
        {
            // Page by page, of entries or of whole frames: together exactly what there is from there on.
            foreach (var wholeFrames in new[] { false, true })
            {
                var (next, hint) = (from, default(ReadHint));
                var found = new List<string>();
                while (next <= Store.State.LastSeq)
                {
                    var to = new ArrayBufferWriter<byte>();
                    var at = next;
                    (next, hint) = new LogReader(_reader).Read(Store, at, to, bytesMax, wholeFrames ? null : entriesMax, hint);
                    Assert.True(next > at, "No progress.");
                    using var read = JsonDocument.Parse($"[{Encoding.UTF8.GetString(to.WrittenSpan)}]");
                    found.AddRange(read.RootElement.EnumerateArray().Select(entry => entry.GetRawText()));
                }

                Assert.Equal(Expected(from), found);
            }
        }

        private IEnumerable<string> Expected(long from)
        {
            if (from < Store.First)
            {
                yield return Encoding.UTF8.GetString(LogReader.Gap(from, Store.First - 1));
                from = Store.First;
            }

            for (var seq = from; seq <= _entries.Count; seq++)
            {
                Assert.StartsWith($"{{\"seq\":{seq},", _entries[(int)seq - 1], StringComparison.Ordinal);
                yield return _entries[(int)seq - 1];
            }
        }
    }
}
