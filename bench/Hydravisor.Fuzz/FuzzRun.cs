using Akka.Actor;
using Akka.IO;
using Akka.Streams;
using Akka.Streams.Dsl;
using Hydravisor.Actors.Gateway;
using Hydravisor.Actors.Sessions;

namespace Hydravisor.Fuzz;

/// <summary>One stream that broke a promise.</summary>
/// <param name="Number">Which one of its seed.</param>
/// <param name="Stream">Its bytes.</param>
/// <param name="LineBytesMax">The longest line that was allowed.</param>
/// <param name="Why">What did not hold.</param>
internal sealed record Finding(long Number, byte[] Stream, int LineBytesMax, string Why);

/// <summary>Streams by chance, one after another: what a seed and a number make is always the same, but for the time that is signed.</summary>
internal sealed class FuzzRun : IDisposable
{
    private const int StageEvery = 64;
    private static readonly int[] Limits = [16, 64, 64, 300, 300, 1000, 4096, 64 * 1024];
    private readonly int _seed;
    private readonly Signer _signer;
    private readonly Mutator _mutator;
    private readonly Promises _promises;
    private readonly ActorSystem _system = ActorSystem.Create("fuzz", "akka.loglevel = WARNING");
    private readonly IMaterializer _materializer;

    /// <summary>Prepares one.</summary>
    public FuzzRun(int seed, IReadOnlyList<byte[]> corpus)
    {
        _seed = seed;
        _signer = new Signer(seed);
        _mutator = new Mutator(corpus, _signer);
        _promises = new Promises(_signer);
        _materializer = _system.Materializer();
    }

    /// <summary>How many streams were checked.</summary>
    public long Streams { get; private set; }

    /// <summary>How many lines they had.</summary>
    public long Lines { get; private set; }

    /// <summary>How many bytes.</summary>
    public long Bytes { get; private set; }

    /// <summary>Runs until so many were checked, or it is stopped.</summary>
    /// <param name="count">How many.</param>
    /// <param name="found">Told of each finding.</param>
    /// <param name="stop">Ends it.</param>
    public async Task RunAsync(long count, Action<Finding> found, CancellationToken stop)
    {
        for (long number = 0; number < count && !stop.IsCancellationRequested; number++)
        {
            var chance = new Random(HashOf(number));
            var limit = Limits[chance.Next(Limits.Length)];
            _signer.Forget();
            var stream = _mutator.Make(chance, limit);
            if (await WrongAsync(stream, Mutator.Chunks(stream, chance), limit, throughStage: number % StageEvery == 0) is { } why)
            {
                found(new Finding(number, stream, limit, why));
            }
        }
    }

    /// <summary>What does not hold of a stream, at each limit and in each chunk size; null: all holds.</summary>
    public async Task<string?> ReplayAsync(byte[] stream)
    {
        _signer.Forget();
        foreach (var limit in Limits.Distinct())
        {
            foreach (var size in (int[])[1, 2, 7, 4096])
            {
                if (await WrongAsync(stream, [.. stream.Chunk(size)], limit, throughStage: true) is { } why)
                {
                    return $"limit {limit}, chunks of {size}: {why}";
                }
            }
        }

        return null;
    }

    /// <inheritdoc/>
    public void Dispose() => _system.Dispose();

    private async Task<string?> WrongAsync(byte[] stream, IReadOnlyList<byte[]> chunks, int limit, bool throughStage)
    {
        try
        {
            Lines += _promises.Check(stream, chunks, limit);
            Streams++;
            Bytes += stream.Length;
            if (throughStage && !(await StagedAsync(chunks, limit).ConfigureAwait(false)).SequenceEqual(LineModel.Of(stream, limit)))
            {
                return "the stage makes other lines than its cutter";
            }

            return null;
        }
        catch (Exception e)
        {
            return e is PromiseBrokenException ? e.Message : e.ToString();
        }
    }

    private async Task<IReadOnlyList<string>> StagedAsync(IReadOnlyList<byte[]> chunks, int limit)
    {
        var batches = await Source.From(chunks.Select(ByteString.FromBytes))
            .Via(new LineFramer(limit, TimeSpan.FromMinutes(10)))
            .RunWith(Sink.Seq<SessionProtocol.LineBatch>(), _materializer)
            .ConfigureAwait(false);
        return [.. batches.SelectMany(batch => batch.Lines).Select(line => LineModel.Shown(line.Bytes.Span, line.SkippedBytes))];
    }

    // Not that of the library, which is another one in each process.
    private int HashOf(long number) => unchecked((int)((((ulong)(uint)_seed << 32) ^ (ulong)number) * 0x9E3779B97F4A7C15UL >> 33));
}
