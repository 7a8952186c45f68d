using System.Buffers;
using System.Globalization;
using System.Text;

namespace Hydravisor.Actors.Terminals.Control;

/// <summary>Makes the bytes that draw a screen of what tmux says of it. Pure.</summary>
/// <remarks>tmux 3.3a does not tell which colours the program writes with at this moment, nor those of what was erased behind the last character of a line; all else is drawn.</remarks>
internal static class ControlScreen
{
    private const string Format =
        "#{pane_width} #{pane_height} #{cursor_x} #{cursor_y} #{alternate_on} #{alternate_saved_x} #{alternate_saved_y} #{cursor_flag} #{insert_flag} "
        + "#{keypad_cursor_flag} #{keypad_flag} #{mouse_standard_flag} #{mouse_button_flag} #{mouse_all_flag} #{mouse_sgr_flag} #{origin_flag} #{wrap_flag} "
        + "#{scroll_region_upper} #{scroll_region_lower}";

    private const int Fields = 19;

    /// <summary>The commands whose four answers say all: the state, the lines, those under the alternate screen, and a sequence that is not whole yet.</summary>
    public const string Command =
        $"display-message -p -t %0 '{Format}' ; capture-pane -e -p -N -t %0 ; capture-pane -a -q -e -p -N -t %0 ; capture-pane -p -P -C -t %0";

    /// <summary>How many answers there are.</summary>
    public const int Answers = 4;

    /// <summary>How many lines the n-th answer has, where the first is known.</summary>
    public static int LinesOf(int answer, IReadOnlyList<long>? state) => (answer, state) switch
    {
        (1, { }) => (int)state[1],
        (2, { }) => state[4] == 1 ? (int)state[1] : 1,
        (3, { }) => 1,
        _ => 0,
    };

    /// <summary>Reads the first answer; null where it is none.</summary>
    public static IReadOnlyList<long>? ReadState(IReadOnlyList<byte[]> lines)
    {
        var words = lines.Count == 1 ? Encoding.ASCII.GetString(lines[0]).Split(' ') : [];
        var state = new long[Fields];
        for (var at = 0; at < words.Length && words.Length == Fields; at++)
        {
            if (!long.TryParse(words[at], NumberStyles.None, CultureInfo.InvariantCulture, out state[at]))
            {
                return null;
            }
        }

        return words.Length == Fields ? state : null;
    }

    /// <summary>Draws the screen.</summary>
    public static TerminalScreen Draw(IReadOnlyList<long> state, IReadOnlyList<byte[]> lines, IReadOnlyList<byte[]> under, IReadOnlyList<byte[]> unfinished)
    {
        var to = new ArrayBufferWriter<byte>();
        var (cols, rows, x, y) = (state[0], state[1], state[2], state[3]);

        // Out of the alternate screen, then all as after power on. tmux writes line graphics in G1.
        Say(to, "\e[?1049l\ec");
        if (state[4] == 1)
        {
            DrawLines(to, under, cols, state[5], state[6]);
            Say(to, "\e[?1049h\e[2J");
        }

        else if (state[5] < cols && state[6] < rows)
        {
            // Whoever leaves an alternate screen once more than it was entered gets the cursor of the last time.
            Say(to, $"\e[{state[6] + 1};{state[5] + 1}H\e[?1049h\e[?1049l");
        }

        DrawLines(to, lines, cols, x, y);
        Say(to, state[18] > state[17] && (state[17] > 0 || state[18] < rows - 1) ? $"\e7\e[{state[17] + 1};{state[18] + 1}r\e8" : "");
        Say(to, state[15] == 1 ? $"\e[?6h\e[{y - state[17] + 1};{x + 1}H" : "");
        Say(to, state[7] == 0 ? "\e[?25l" : "");
        Say(to, state[8] == 1 ? "\e[4h" : "");
        Say(to, state[9] == 1 ? "\e[?1h" : "");
        Say(to, state[10] == 1 ? "\e=" : "");
        Say(to, state[11] == 1 ? "\e[?1000h" : "");
        Say(to, state[12] == 1 ? "\e[?1002h" : "");
        Say(to, state[13] == 1 ? "\e[?1003h" : "");
        Say(to, state[14] == 1 ? "\e[?1006h" : "");
        Say(to, state[16] == 0 ? "\e[?7l" : "");
        if (unfinished.Count > 0)
        {
            var bytes = new byte[unfinished[0].Length];
            to.Write(bytes.AsSpan(0, ControlParser.Unescape(unfinished[0], bytes)));
        }

        return new TerminalScreen((int)cols, (int)rows, to.WrittenMemory);
    }

    // The colours go on from line to line. Where the cursor hangs behind the last column, only writing that line last brings it there.
    private static void DrawLines(ArrayBufferWriter<byte> to, IReadOnlyList<byte[]> lines, long cols, long x, long y)
    {
        Say(to, "\e)0");
        for (var row = 0; row < lines.Count; row++)
        {
            DrawLine(to, row, lines[row]);
        }

        if (x >= cols && y < lines.Count)
        {
            Say(to, "\x0f\e[0m");
            for (var row = 0; row < y; row++)
            {
                to.Write(Escapes(lines[row]));
            }

            DrawLine(to, (int)y, lines[(int)y]);
            Say(to, "\x0f\e)B\e[0m");
        }
        else
        {
            Say(to, $"\x0f\e)B\e[0m\e[{y + 1};{x + 1}H");
        }
    }

    private static void DrawLine(ArrayBufferWriter<byte> to, int row, byte[] line)
    {
        Say(to, $"\e[{row + 1};1H");
        to.Write(line);
    }

    private static byte[] Escapes(byte[] line)
    {
        var kept = new List<byte>();
        var within = false;
        foreach (var each in line)
        {
            within |= each == 0x1b;
            if (within || each is 0x0e or 0x0f)
            {
                kept.Add(each);
            }

            within &= each == 0x1b || !char.IsAsciiLetter((char)each);
        }

        return [.. kept];
    }

    private static void Say(ArrayBufferWriter<byte> to, string text) => to.Write(Encoding.ASCII.GetBytes(text));
}
