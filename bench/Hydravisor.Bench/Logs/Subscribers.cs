using System.Diagnostics;
using System.Globalization;
using System.IO.MemoryMappedFiles;
using System.Net;

namespace Hydravisor.Bench.Logs;

/// <summary><see cref="SubscribersProcess"/> as its starter sees it. It ends with this.</summary>
internal sealed class Subscribers : IDisposable
{
    private static int _files;

    private readonly int _count;
    private readonly string _counts = Path.Combine("/dev/shm", $"hydravisor-bench-{Environment.ProcessId}-{++_files}");
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private Process? _process;

    private Subscribers(int count)
    {
        _count = count;
        _file = MemoryMappedFile.CreateFromFile(_counts, FileMode.CreateNew, null, count * sizeof(long));
        _view = _file.CreateViewAccessor();
    }

    /// <summary>Starts them, and waits until all are subscribed.</summary>
    public static async Task<Subscribers> StartAsync(IPEndPoint endpoint, int count, Subscription subscription)
    {
        var subscribers = new Subscribers(count);
        try
        {
            var process = subscribers._process = Process.Start(new ProcessStartInfo(
                Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
                [
                    typeof(Subscribers).Assembly.Location, SubscribersProcess.Verb, endpoint.ToString(), count.ToString(CultureInfo.InvariantCulture),
                    subscribers._counts, subscription.Request, subscription.Answered,
                ])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            })!;
            return await process.StandardOutput.ReadLineAsync() == SubscribersProcess.Ready
                ? subscribers
                : throw new InvalidOperationException("The subscribers did not get in; what they said stands above.");
        }
        catch
        {
            subscribers.Dispose();
            throw;
        }
    }

    /// <summary>Lines that came to all of them together.</summary>
    public long Lines
    {
        get
        {
            var sum = 0L;
            for (var i = 0; i < _count; i++)
            {
                sum += _view.ReadInt64(i * sizeof(long));
            }

            return sum;
        }
    }

    /// <summary>Lines that came to the one that has the fewest.</summary>
    public long Fewest
    {
        get
        {
            var fewest = long.MaxValue;
            for (var i = 0; i < _count; i++)
            {
                fewest = Math.Min(fewest, _view.ReadInt64(i * sizeof(long)));
            }

            return fewest;
        }
    }

    /// <summary>Processor time that they have used.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            _process!.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_process is { } process)
        {
            process.Kill();
            process.WaitForExit();
            process.Dispose();
        }

        _view.Dispose();
        _file.Dispose();
        File.Delete(_counts);
    }
}
