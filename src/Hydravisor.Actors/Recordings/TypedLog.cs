using System.Buffers;
using System.Text;

namespace Hydravisor.Actors.Recordings;

/// <summary>Tells what people typed from what script(1) adds to its log of it: a line at its start and one at its end. Pure but for what it holds over; not safe for
/// several threads.</summary>
internal sealed class TypedLog
{
    private const int NoteBytesMax = 1024;

    private readonly List<byte> _held = [];
    private bool _atLineStart = true;

    /// <summary>Bytes that are held over: they may be the beginning of a line of script(1), or of a character.</summary>
    public int Held => _held.Count;

    /// <summary>Takes what was added to the log.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="typed">Told what was typed, in order.</param>
    /// <param name="note">Told what script(1) said, without the end of the line.</param>
    public void Take(ReadOnlySpan<byte> bytes, Action<string> typed, Action<string> note)
    {
        _held.AddRange(bytes);
        var all = _held.ToArray().AsSpan();
        var done = 0;
        for (var at = 0; at < all.Length;)
        {
            if (_atLineStart && MayBeNote(all[at..]))
            {
                Say(all[done..at], typed);
                done = at;
                var end = all[at..].IndexOf((byte)'\n');
                if (end < 0)
                {
                    break;
                }

                note(Encoding.UTF8.GetString(all.Slice(at, end)));
                done = at += end + 1;
                continue;
            }

            _atLineStart = all[at] == '\n';
            at++;
            if (at == all.Length)
            {
                // A character that is not whole yet waits for the rest of it.
                var whole = at - Incomplete(all[done..]);
                Say(all[done..whole], typed);
                done = whole;
            }
        }

        _held.Clear();
        _held.AddRange(all[done..]);
    }

    /// <summary>Says what was held over as typed, since nothing will follow it.</summary>
    public void End(Action<string> typed)
    {
        Say(_held.ToArray(), typed);
        _held.Clear();
    }

    /// <summary>Forgets what was held over.</summary>
    public void Reset()
    {
        _held.Clear();
        _atLineStart = true;
    }

    private static void Say(ReadOnlySpan<byte> bytes, Action<string> typed)
    {
        if (bytes.Length > 0)
        {
            typed(Encoding.UTF8.GetString(bytes));
        }
    }

    private static bool MayBeNote(ReadOnlySpan<byte> line)
    {
        var end = line.IndexOf((byte)'\n');
        return (end < 0 ? line.Length : end) <= NoteBytesMax && (Fits(line, "Script started on "u8) || Fits(line, "Script done on "u8));
    }

    private static bool Fits(ReadOnlySpan<byte> line, ReadOnlySpan<byte> word) =>
        line.Length >= word.Length ? line.StartsWith(word) : word.StartsWith(line);

    private static int Incomplete(ReadOnlySpan<byte> bytes)
    {
        for (var count = 1; count <= Math.Min(3, bytes.Length); count++)
        {
            if (bytes[^count] >= 0xC0)
            {
                return Rune.DecodeFromUtf8(bytes[^count..], out _, out _) == OperationStatus.NeedMoreData ? count : 0;
            }
        }

        return 0;
    }
}
