using System.Buffers;
using System.Text.Unicode;

namespace Hydravisor.Actors.Recordings;

/// <summary>Makes text of the bytes of a console as they come: a character that is split between two reads is held over, and what is no UTF-8 becomes U+FFFD. The
/// text does not depend on where the reads split. Not safe for several threads.</summary>
internal sealed class ConsoleText
{
    private const int SequenceBytesMax = 4;

    private readonly byte[] _held = new byte[SequenceBytesMax];
    private byte[] _bytes = [];
    private char[] _chars = [];

    /// <summary>Bytes that are held over, at most 3.</summary>
    public int Held { get; private set; }

    /// <summary>The text of what was held over and of these bytes, valid until the next call.</summary>
    public ReadOnlySpan<char> Decode(ReadOnlySpan<byte> bytes) => Decode(bytes, isEnd: false);

    /// <summary>The text of what was held over, which no more bytes will complete.</summary>
    public ReadOnlySpan<char> End() => Decode([], isEnd: true);

    /// <summary>Forgets what was held over.</summary>
    public void Reset() => Held = 0;

    private ReadOnlySpan<char> Decode(ReadOnlySpan<byte> bytes, bool isEnd)
    {
        var length = Held + bytes.Length;
        if (_bytes.Length < length)
        {
            _bytes = new byte[length];
            _chars = new char[length];
        }

        _held.AsSpan(0, Held).CopyTo(_bytes);
        bytes.CopyTo(_bytes.AsSpan(Held));
        var status = Utf8.ToUtf16(_bytes.AsSpan(0, length), _chars, out var read, out var written, replaceInvalidSequences: true, isFinalBlock: isEnd);
        Held = status == OperationStatus.NeedMoreData ? length - read : 0;
        _bytes.AsSpan(read, Held).CopyTo(_held);
        return _chars.AsSpan(0, written);
    }
}
