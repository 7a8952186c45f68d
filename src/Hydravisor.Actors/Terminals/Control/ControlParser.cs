using System.Text;

namespace Hydravisor.Actors.Terminals.Control;

/// <summary>What stands in tmux's control stream.</summary>
internal interface IControlHandler
{
    /// <summary>The console wrote bytes, unescaped. They are only there during the call.</summary>
    void Output(ReadOnlySpan<byte> bytes);

    /// <summary>The answer to a command begins.</summary>
    /// <param name="ours">Whether the command came over this client.</param>
    /// <returns>How many lines of it are text of others, whatever they look like.</returns>
    int BlockBegins(bool ours);

    /// <summary>The answer to a command ends.</summary>
    void BlockEnds(bool ours, bool failed, IReadOnlyList<byte[]> lines);

    /// <summary>Something happened; its words, without the sign before them.</summary>
    void Notice(string words);
}

/// <summary>Reads tmux's control stream (tmux(1), CONTROL MODE): bytes, since those over 0x7F are those of the console. Not safe for several threads.</summary>
internal sealed class ControlParser(IControlHandler handler)
{
    private const int LineBytesMax = 16 * 1024 * 1024;

    private readonly List<byte[]> _block = [];
    private byte[] _line = new byte[4096];
    private byte[] _bytes = new byte[4096];
    private int _length;
    private string? _open;
    private int _foreignLines;

    /// <summary>Takes the next bytes.</summary>
    /// <exception cref="InvalidDataException">A line is longer than any that tmux writes.</exception>
    public void Take(ReadOnlySpan<byte> bytes)
    {
        while (bytes.IndexOf((byte)'\n') is var end && end >= 0)
        {
            Keep(bytes[..end]);
            var line = _line.AsSpan(0, _length);
            _length = 0;
            TakeLine(line);
            bytes = bytes[(end + 1)..];
        }

        Keep(bytes);
    }

    /// <summary>Undoes the escapes of control characters and backslashes: three octal digits after a backslash.</summary>
    /// <param name="from">The text.</param>
    /// <param name="to">At least as long; may be the same.</param>
    /// <returns>How many bytes it became.</returns>
    public static int Unescape(ReadOnlySpan<byte> from, Span<byte> to)
    {
        var length = 0;
        for (var at = 0; at < from.Length; at++)
        {
            if (from[at] == '\\' && at + 3 < from.Length && IsOctal(from[at + 1]) && IsOctal(from[at + 2]) && IsOctal(from[at + 3]))
            {
                to[length++] = (byte)(((from[at + 1] - '0') << 6) | ((from[at + 2] - '0') << 3) | (from[at + 3] - '0'));
                at += 3;
            }
            else
            {
                to[length++] = from[at];
            }
        }

        return length;
    }

    private static bool IsOctal(byte each) => each is >= (byte)'0' and <= (byte)'7';

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        if (_length + bytes.Length > _line.Length)
        {
            if (_length + bytes.Length > LineBytesMax)
            {
                throw new InvalidDataException($"tmux wrote a line of more than {LineBytesMax} bytes");
            }

            Array.Resize(ref _line, Math.Max(_line.Length * 2, _length + bytes.Length));
        }

        bytes.CopyTo(_line.AsSpan(_length));
        _length += bytes.Length;
    }

    private void TakeLine(Span<byte> line)
    {
        if (_open is null)
        {
            TakeNotice(line);
        }
        else if (_foreignLines > 0)
        {
            _foreignLines--;
            _block.Add(line.ToArray());
        }
        else if (Closes(line, "%end ") || Closes(line, "%error "))
        {
            var ours = IsOurs(_open);
            _open = null;
            handler.BlockEnds(ours, line[2] == 'r', _block);
            _block.Clear();
        }
        else
        {
            _block.Add(line.ToArray());
        }
    }

    private bool Closes(ReadOnlySpan<byte> line, string word) =>
        line.Length == word.Length + _open!.Length && line.StartsWith(Encoding.ASCII.GetBytes(word)) && Encoding.ASCII.GetString(line[word.Length..]) == _open;

    // The flags at the end: 1 for a command of this client (see tmux's control_write guards).
    private static bool IsOurs(string guard) => guard.EndsWith(" 1", StringComparison.Ordinal);

    private void TakeNotice(ReadOnlySpan<byte> line)
    {
        if (line.StartsWith("%output "u8))
        {
            var rest = line["%output ".Length..];
            var text = rest[(rest.IndexOf((byte)' ') + 1)..];
            if (_bytes.Length < text.Length)
            {
                _bytes = new byte[Math.Max(text.Length, _bytes.Length * 2)];
            }

            handler.Output(_bytes.AsSpan(0, Unescape(text, _bytes)));
        }
        else if (line.StartsWith("%begin "u8))
        {
            _open = Encoding.ASCII.GetString(line["%begin ".Length..]);
            _foreignLines = handler.BlockBegins(IsOurs(_open));
        }
        else if (line.Length > 0 && line[0] == '%')
        {
            handler.Notice(Encoding.UTF8.GetString(line[1..]));
        }
    }
}
