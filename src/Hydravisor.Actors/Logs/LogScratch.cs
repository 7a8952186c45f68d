using System.Buffers;
using Hydravisor.Actors.Logs.Entries;
using Hydravisor.Actors.Logs.Segments;
using Hydravisor.Actors.Logs.Sources;

namespace Hydravisor.Actors.Logs;

/// <summary>What a thread of the logs works with: made once for the thread, so that a VM has none of it.</summary>
internal sealed class LogScratch : IDisposable
{
    private const int ReadBytes = 64 * 1024;
    private const int ChunkBytes = 256 * 1024;

    /// <summary>Makes the buffers.</summary>
    public LogScratch(LogsSettings settings)
    {
        Frame = new FrameBuilder(settings.FrameBytesMax * 2);
        Console = new LineSource(ReadBytes, settings.LineBytesMax);
        Port = new LineSource(ReadBytes, settings.LineBytesMax);
        Log = new LogReader(Segment);
    }

    /// <summary>The frame in the making.</summary>
    public FrameBuilder Frame { get; }

    /// <summary>Writes entries.</summary>
    public EntryWriter Entries { get; } = new();

    /// <summary>The console.</summary>
    public LineSource Console { get; }

    /// <summary>The log port.</summary>
    public LineSource Port { get; }

    /// <summary>Reads segment files.</summary>
    public SegmentReader Segment { get; } = new(ChunkBytes);

    /// <summary>Reads entries.</summary>
    public LogReader Log { get; }

    /// <summary>Where entries are read to.</summary>
    public ArrayBufferWriter<byte> Json { get; } = new(ReadBytes);

    /// <summary>Where what nobody looks at goes.</summary>
    public byte[] Discarded { get; } = new byte[ReadBytes];

    /// <inheritdoc/>
    public void Dispose()
    {
        Console.Dispose();
        Port.Dispose();
        Segment.Dispose();
    }
}
