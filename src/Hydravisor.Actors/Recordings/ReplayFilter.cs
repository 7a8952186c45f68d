using System.Text;

namespace Hydravisor.Actors.Recordings;

/// <summary>
/// Lets through of a terminal's output only what moves the cursor, draws and colours. What makes a terminal answer (and so type into the shell behind it), set the
/// clipboard or a title, print, report the mouse or the focus, change what keys send, or obey strings of commands is left out. Pure but for the sequence that it is
/// in; the result does not depend on where the text is split. Not safe for several threads.
/// </summary>
/// <remarks>
/// The grammar is that of ECMA-48 and of xterm's "ctlseqs". It is a list of what is allowed: a sequence that is not known is left out. What a guest's sequences leave
/// behind ends with <see cref="Restore"/>.
/// </remarks>
internal sealed class ReplayFilter
{
    /// <summary>Brings a terminal back to order, whatever was replayed.</summary>
    public const string Restore = "\u001b[?1049l\u001b[?5l\u001b[?6l\u001b[?7h\u001b[?25h\u001b[r\u001b[4l\u001b(B\u000f\u001b[0m\r\n";

    private const int SequenceCharsMax = 128;
    private const int StringCharsMax = 64 * 1024;
    private const int DigitsMax = 5;

    // Cursor, erase, insert, delete, scroll, tabs, colours, margins: without a prefix and without intermediates.
    private const string Finals = "@ABCDEFGHIJKLMPSTXZ`abdefgmrsu";
    private static readonly HashSet<string> PrivateModes = ["5", "6", "7", "12", "25", "47", "1047", "1048", "1049"];

    private readonly StringBuilder _sequence = new();
    private State _state = State.Ground;
    private int _stringChars;

    private enum State
    {
        Ground,
        Escape,
        Control,
        Command,
        CommandEscape,
    }

    /// <summary>What may be shown of this text.</summary>
    public string Filter(string text)
    {
        var shown = new StringBuilder(text.Length);
        foreach (var each in text)
        {
            Take(each, shown);
        }

        return shown.ToString();
    }

    private void Take(char each, StringBuilder shown)
    {
        switch (each)
        {
            case '\u0018' or '\u001a':
                _state = State.Ground;
                return;
            case '\u001b':
                if (_state == State.Command)
                {
                    _state = State.CommandEscape;
                }
                else
                {
                    Begin(State.Escape);
                }

                return;
            case >= '\u0080' and <= '\u009f':
                TakeEightBit(each);
                return;
        }

        switch (_state)
        {
            case State.Ground:
                Draw(each, shown);
                break;
            case State.Escape:
                TakeEscape(each, shown);
                break;
            case State.Control:
                TakeControl(each, shown);
                break;
            case State.CommandEscape when each != '\\':
                // Any other escape sequence ends a string of commands and counts itself.
                Begin(State.Escape);
                TakeEscape(each, shown);
                break;
            case State.CommandEscape:
                _state = State.Ground;
                break;
            default:
                TakeCommand(each);
                break;
        }
    }

    private void Begin(State state)
    {
        _sequence.Clear();
        (_state, _stringChars) = (state, 0);
    }

    // The C1 controls are never let through; those that begin something begin it here too.
    private void TakeEightBit(char each) => Begin(each switch
    {
        '\u009b' => State.Control,
        '\u0090' or '\u0098' or '\u009d' or '\u009e' or '\u009f' => State.Command,
        _ => State.Ground,
    });

    // BEL, BS, HT, LF, VT, FF, CR, SO, SI; not ENQ, which is answered.
    private static void Draw(char each, StringBuilder shown)
    {
        if (each is (>= ' ' and not '\u007f') or (>= '\u0007' and <= '\u000f'))
        {
            shown.Append(each);
        }
    }

    private void TakeEscape(char each, StringBuilder shown)
    {
        if (each < ' ')
        {
            Draw(each, shown);
        }
        else if (_sequence.Length == 0 && each is '[')
        {
            Begin(State.Control);
        }
        else if (_sequence.Length == 0 && each is ']' or 'P' or 'X' or '^' or '_')
        {
            Begin(State.Command);
        }
        else if (each < '0')
        {
            Grow(each);
        }
        else
        {
            _sequence.Append(each);
            Say(IsHarmlessEscape(_sequence.ToString()), "\u001b", shown);
        }
    }

    private void TakeControl(char each, StringBuilder shown)
    {
        if (each < ' ')
        {
            Draw(each, shown);
        }
        else if (each is >= '@' and <= '~')
        {
            _sequence.Append(each);
            Say(IsHarmlessControl(_sequence.ToString()), "\u001b[", shown);
        }
        else if (each < '@')
        {
            Grow(each);
        }
        else
        {
            _state = State.Ground;
        }
    }

    private void TakeCommand(char each)
    {
        _stringChars++;

        // The Linux console's palette: these two end by themselves.
        var isPalette = (_stringChars == 1 && each == 'R') || (_stringChars == 8 && _sequence is { Length: 1 });
        if (_stringChars == 1 && each == 'P')
        {
            _sequence.Append(each);
        }

        if (each == '\u0007' || isPalette || _stringChars > StringCharsMax)
        {
            _state = State.Ground;
        }
    }

    private void Grow(char each)
    {
        // One that is too long is read to its end and left out.
        if (_sequence.Length < SequenceCharsMax)
        {
            _sequence.Append(each);
        }
    }

    private void Say(bool isHarmless, string introducer, StringBuilder shown)
    {
        if (isHarmless)
        {
            shown.Append(introducer).Append(_sequence);
        }

        _state = State.Ground;
    }

    // Save, restore, index, tab, reverse index; single shifts; character sets; the test pattern and double size.
    private static bool IsHarmlessEscape(string sequence) => sequence switch
    {
        [var final] => "78DEHMNO".Contains(final, StringComparison.Ordinal),
        [var set, var final] when "()*+".Contains(set, StringComparison.Ordinal) => "AB012".Contains(final, StringComparison.Ordinal),
        ['#', var final] => "34568".Contains(final, StringComparison.Ordinal),
        _ => false,
    };

    private static bool IsHarmlessControl(string sequence)
    {
        if (sequence.Length > SequenceCharsMax)
        {
            return false;
        }

        var (body, final) = (sequence[..^1], sequence[^1]);
        if (body is "!" && final == 'p')
        {
            return true;
        }

        if (body.EndsWith(' ') && final == 'q')
        {
            return AreNumbers(body[..^1]);
        }

        if (body.StartsWith('?'))
        {
            return AreNumbers(body[1..]) && final switch
            {
                'h' or 'l' => body[1..].Split(';').All(PrivateModes.Contains),
                'J' or 'K' => true,
                _ => false,
            };
        }

        return AreNumbers(body) && final switch
        {
            'h' or 'l' => body == "4",

            // With more numbers it is the tracking of the mouse.
            'T' => !body.Contains(';', StringComparison.Ordinal),
            's' or 'u' => body.Length == 0,
            _ => Finals.Contains(final, StringComparison.Ordinal),
        };
    }

    private static bool AreNumbers(string body) =>
        body.All(each => each is (>= '0' and <= '9') or ';' or ':') && body.Split(';', ':').All(number => number.Length <= DigitsMax);
}
