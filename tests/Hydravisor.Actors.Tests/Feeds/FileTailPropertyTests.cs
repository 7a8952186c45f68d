using CsCheck;
using Hydravisor.Actors.Feeds;

namespace Hydravisor.Actors.Tests.Feeds;

/// <summary>Whatever is written, turned over, read in part and opened again: each byte comes once and in order, and a loss is said exactly when the file
/// where the reader stood was dropped.</summary>
public sealed class FileTailPropertyTests
{
    private enum Step
    {
        Write,
        Turn,
        Read,
        Open,
        Rest,
    }

    [Fact]
    public void Every_byte_comes_once_and_a_loss_is_said_exactly_when_there_was_one()
    {
        var step = Gen.Select(Gen.Frequency((4, Gen.Const(Step.Write)), (2, Gen.Const(Step.Turn)), (4, Gen.Const(Step.Read)), (1, Gen.Const(Step.Open)), (1, Gen.Const(Step.Rest))), Gen.Int[1, 100]);
        Gen.Select(step.Array[1, 60], Gen.Int[1, 3]).Sample(
            story =>
            {
                using var directory = new TemporaryDirectory();
                using var run = new Run(new TurnedFile(Path.Combine(directory.Path, "x"), story.Item2));
                foreach (var (what, size) in story.Item1)
                {
                    run.Do(what, size);
                }

                run.Drain();
            },
            iter: 1500,
            threads: 1);
    }

    /// <summary>The reader beside a plain model: all bytes of all files that there ever were, and a file and an offset in them.</summary>
    private sealed class Run : IDisposable
    {
        private readonly TurnedFile _file;
        private readonly List<List<byte>> _all = [[]];
        private readonly Dictionary<FileIdentity, int> _numbers = [];
        private FileTail _tail;
        private (int File, int Offset) _at;
        private bool _isHeld;
        private byte _next;

        public Run(TurnedFile file)
        {
            _file = file;
            _file.Write([]);
            _numbers[FileIdentity.Of(_file.Path)!.Value] = 0;
            _tail = new FileTail(_file.Path, TailPlace.Beginning);
            Read(1, 1);
        }

        private int Oldest => Math.Max(0, _all.Count - 1 - _file.OlderMax);

        public void Dispose() => _tail.Dispose();

        public void Do(Step what, int size)
        {
            switch (what)
            {
                case Step.Write:
                    var bytes = Enumerable.Range(0, size).Select(_ => _next++).ToArray();
                    _file.Write(bytes);
                    _all[^1].AddRange(bytes);
                    break;
                case Step.Turn:
                    _file.Turn();
                    _all.Add([]);
                    _numbers[FileIdentity.Of(_file.Path)!.Value] = _all.Count - 1;
                    break;
                case Step.Read:
                    Read(size, size % 3 == 0 ? size / 2 : size);
                    break;
                case Step.Open:
                    _tail.Dispose();
                    _tail = new FileTail(_file.Path, _tail.Place);
                    _isHeld = false;
                    break;
                default:
                    _tail.Rest();
                    _isHeld = false;
                    break;
            }
        }

        public void Drain()
        {
            while (Read(64, 64) > 0)
            {
            }

            Assert.Equal((_all.Count - 1, _all[^1].Count), _at);
        }

        private int Read(int size, int acceptMax)
        {
            var buffer = new byte[size];
            var read = _tail.Read(buffer);
            if (read.Lost)
            {
                Assert.True(_at.File < Oldest, "A loss was said and there was none.");
                Assert.True(!_isHeld || _at.Offset == _all[_at.File].Count, "An open file was not read to its end.");
                _at = (Oldest, 0);
            }

            // The tail may have moved on, without a byte, over files that were read to their ends.
            while (read.Count > 0 ? _at.Offset == _all[_at.File].Count : _at.Offset == _all[_at.File].Count && _at.File < _all.Count - 1)
            {
                Assert.True(_at.File + 1 >= Oldest, "A loss was not said.");
                _at = (_at.File + 1, 0);
            }

            Assert.Equal(_all[_at.File].Skip(_at.Offset).Take(read.Count), buffer.Take(read.Count));
            _isHeld = true;
            var accepted = Math.Min(acceptMax, read.Count);
            _tail.Accept(accepted);
            _at.Offset += accepted;
            Assert.Equal(_at.Offset, _tail.Place.Offset);
            Assert.Equal(_at.File, _numbers[new FileIdentity(_tail.Place.Inode, _tail.Place.Born)]);
            if (accepted < read.Count)
            {
                _tail.Rest();
                _isHeld = false;
            }

            return read.Count;
        }
    }
}
