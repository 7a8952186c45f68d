using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using Hydravisor.Actors.Logs.Segments;

namespace Hydravisor.Actors.Logs.Entries;

/// <summary>Writes entries of a log as they stand on the wire. Not thread-safe.</summary>
internal sealed class EntryWriter
{
    private const string TimeForm = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
    private const int SeqDigitsMax = 20;
    private const int EscapedMax = 12;

    // What JSON lets stand as it is, of ASCII.
    private static readonly SearchValues<byte> Plain = SearchValues.Create(
        [.. Enumerable.Range(0x20, 0x7F - 0x20).Where(value => value is not ('"' or '\\')).Select(value => (byte)value)]);

    private readonly byte[] _now = new byte[32];
    private int _nowLength;
    private byte[] _console = [];
    private byte[] _guest = [];

    /// <summary>Sets the time that lines get from now on.</summary>
    public void SetTime(DateTimeOffset now)
    {
        now.UtcDateTime.TryFormat(_now, out _nowLength, TimeForm, CultureInfo.InvariantCulture);
        _console = [.. ",\"timestamp\":\""u8, .. _now.AsSpan(0, _nowLength), .. "\",\"stream\":\"console\",\"msg\":\""u8];
        _guest = [.. ",\"timestamp\":\""u8, .. _now.AsSpan(0, _nowLength), .. "\",\"stream\":\"guest\",\"msg\":\""u8];
    }

    /// <summary>Adds a line of the console.</summary>
    public void Console(FrameBuilder frame, ReadOnlySpan<byte> line) => Line(frame, _console, line);

    /// <summary>Adds a line of the log port.</summary>
    /// <returns>Whether it looked like JSON in vain, which costs much more than other lines.</returns>
    public bool Guest(FrameBuilder frame, ReadOnlyMemory<byte> line)
    {
        if (!GuestLine.TryRead(line, out var said, out var refused))
        {
            Line(frame, _guest, line.Span);
            return refused;
        }

        using (said)
        {
            Begin(frame);
            var timestamp = said.Timestamp;
            frame.Write(",\"timestamp\":"u8);
            if (timestamp.IsEmpty)
            {
                Quoted(frame, _now.AsSpan(0, _nowLength));
            }
            else
            {
                frame.Write(timestamp);
                frame.Write(",\"received\":"u8);
                Quoted(frame, _now.AsSpan(0, _nowLength));
            }

            frame.Write(",\"stream\":\"guest\",\"msg\":"u8);
            frame.Write(said.Msg);
            said.WriteFields(frame, hasTimestamp: !timestamp.IsEmpty);
            frame.Write("}"u8);
        }

        return false;
    }

    /// <summary>Adds what happened to the VM.</summary>
    public static void Lifecycle(FrameBuilder frame, DateTimeOffset time, string text)
    {
        Span<byte> stamp = stackalloc byte[32];
        time.UtcDateTime.TryFormat(stamp, out var length, TimeForm, CultureInfo.InvariantCulture);
        Begin(frame);
        frame.Write(",\"timestamp\":"u8);
        Quoted(frame, stamp[..length]);
        frame.Write(",\"stream\":\"lifecycle\",\"msg\":\""u8);
        Text(frame, Encoding.UTF8.GetBytes(text));
        frame.Write("\"}"u8);
    }

    private static void Line(FrameBuilder frame, ReadOnlySpan<byte> middle, ReadOnlySpan<byte> line)
    {
        Begin(frame);
        frame.Write(middle);
        Text(frame, line);
        frame.Write("\"}"u8);
    }

    private static void Begin(FrameBuilder frame)
    {
        var seq = frame.Next;
        frame.BeginEntry();
        frame.Write("{\"seq\":"u8);
        Utf8Formatter.TryFormat(seq, frame.Room(SeqDigitsMax), out var written);
        frame.Advance(written);
    }

    private static void Quoted(FrameBuilder frame, ReadOnlySpan<byte> text)
    {
        frame.Write("\""u8);
        frame.Write(text);
        frame.Write("\""u8);
    }

    private static void Text(FrameBuilder frame, ReadOnlySpan<byte> text)
    {
        var plain = text.IndexOfAnyExcept(Plain);
        if (plain < 0)
        {
            frame.Write(text);
            return;
        }

        frame.Write(text[..plain]);
        text = text[plain..];
        while (!text.IsEmpty)
        {
            JavaScriptEncoder.UnsafeRelaxedJsonEscaping.EncodeUtf8(text, frame.Room(text.Length + EscapedMax), out var consumed, out var written);
            frame.Advance(written);
            text = text[consumed..];
        }
    }
}
