using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Logs.Segments;
using Hydravisor.Actors.Logs.Sources;

namespace Hydravisor.Actors.Logs;

/// <summary>Takes what a VM's sources hold and stores it, a frame at a time. Not thread-safe.</summary>
/// <param name="settings">The limits.</param>
/// <param name="time">The clock.</param>
/// <param name="stored">Told each frame, once it is stored, and how many bytes of the log port's file are in it.</param>
internal sealed class LogWriter(LogsSettings settings, TimeProvider time, Action<FrameBuilder, int> stored)
{
    // Lines that only look like JSON, after which others have their turn.
    private const int RefusedMax = 64;

    /// <summary>One turn: at most one buffer of each source.</summary>
    /// <param name="store">Where to.</param>
    /// <param name="scratch">The thread's.</param>
    /// <param name="lines">Lines of the VM's own life, of which those are stored that are new.</param>
    /// <param name="sources">The files; null: they are not read.</param>
    /// <param name="flush">Whether what has no line's end yet is stored too, once there is no more.</param>
    /// <returns>Whether there is more, at once.</returns>
    /// <exception cref="IOException">Something cannot be read or written. What was not stored comes again.</exception>
    /// <exception cref="UnauthorizedAccessException">Something may not be read or written. What was not stored comes again.</exception>
    public bool Run(SegmentStore store, LogScratch scratch, IReadOnlyList<LifecycleLine> lines, GuestLogs? sources, bool flush)
    {
        var (console, port) = (scratch.Console, scratch.Port);
        var refused = 0;
        try
        {
            if (sources is not null)
            {
                console.Open(sources.Console, store.State.Console);
                port.Open(sources.Port, store.State.Port);
            }

            do
            {
                var (now, portBytes) = (time.GetUtcNow(), 0);
                scratch.Frame.Begin(store.State.LastSeq + 1);
                scratch.Entries.SetTime(now);
                var after = store.State with { Lifecycle = AddLines(scratch.Frame, lines, store.State.Lifecycle) };
                if (sources is not null)
                {
                    Cut(scratch, console, isPort: false, flush, now, ref refused);
                    Cut(scratch, port, isPort: true, flush, now, ref refused);
                    portBytes = port.Taken;
                    after = after with { Console = console.Accept(), Port = port.Accept() };
                }

                if (scratch.Frame.Count == 0)
                {
                    break;
                }

                after = after with { LastSeq = scratch.Frame.Next - 1 };
                store.Append(scratch.Frame, after, settings, now);
                stored(scratch.Frame, portBytes);
            }
            while (refused < RefusedMax);

            return sources is not null && (!console.IsDry || !port.IsDry || refused >= RefusedMax);
        }
        finally
        {
            console.Close();
            port.Close();
        }
    }

    private long AddLines(FrameBuilder frame, IReadOnlyList<LifecycleLine> lines, long told)
    {
        foreach (var line in lines)
        {
            if (frame.JsonBytes >= settings.FrameBytesMax)
            {
                break;
            }

            if (line.Number > told)
            {
                Entries.EntryWriter.Lifecycle(frame, line.Time, line.Text.Length <= settings.LineBytesMax ? line.Text : line.Text[..settings.LineBytesMax]);
                told = line.Number;
            }
        }

        return told;
    }

    // A frame that ends before a loss would take its place as read without having said it: so a loss is always in the frame of what was before it.
    private void Cut(LogScratch scratch, LineSource source, bool isPort, bool flush, DateTimeOffset now, ref int refused)
    {
        var frame = scratch.Frame;
        var most = isPort ? settings.FrameBytesMax : settings.FrameBytesMax / 2;
        while (source.IsAtLoss || (frame.JsonBytes < most && refused < RefusedMax))
        {
            if (source.IsAtLoss)
            {
                Entries.EntryWriter.Lifecycle(frame, now, isPort
                    ? "Lines of the guest's log port were lost: its log file was turned over before they could be read."
                    : "Lines of the console were lost: its log file was turned over before they could be read.");
                source.PassLoss();
            }
            else if (!source.TryNext(flush && source.IsDry, out var line))
            {
                break;
            }
            else if (!isPort)
            {
                scratch.Entries.Console(frame, line.Span);
            }
            else if (scratch.Entries.Guest(frame, line))
            {
                refused++;
            }
        }
    }
}
