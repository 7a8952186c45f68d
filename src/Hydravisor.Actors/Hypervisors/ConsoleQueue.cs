using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hypervisors;

/// <summary>Keeps what is typed into each VM's console in order and within a bound. Safe for all threads.</summary>
/// <param name="bytesMax">Bytes that may wait for one VM, those under way with them.</param>
internal sealed class ConsoleQueue(int bytesMax)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<InstanceId, Line> _lines = [];

    /// <summary>Bytes that may wait for one VM by default.</summary>
    public const int BytesMax = 64 * 1024;

    /// <summary>Types after all that was typed before into the same console.</summary>
    /// <returns>The call's outcome; unavailable where more would wait than may.</returns>
    public Task<Outcome> InTurnAsync(InstanceId id, int bytes, Func<Task<Outcome>> type)
    {
        lock (_gate)
        {
            if (!_lines.TryGetValue(id, out var line))
            {
                _lines.Add(id, line = new Line());
            }

            // One that is alone is never too long: its size is bounded where it comes from.
            if (line.Waiting > 0 && line.Bytes + bytes > bytesMax)
            {
                return Task.FromResult(Outcome.Unavailable($"the guest does not read its console: {line.Bytes} bytes wait for it already"));
            }

            line.Waiting++;
            line.Bytes += bytes;
            var call = TypeAsync(line.Last, id, line, bytes, type);
            line.Last = call;
            return call;
        }
    }

    private async Task<Outcome> TypeAsync(Task before, InstanceId id, Line line, int bytes, Func<Task<Outcome>> type)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        try
        {
            return await type().ConfigureAwait(false);
        }
        finally
        {
            lock (_gate)
            {
                line.Bytes -= bytes;
                if (--line.Waiting == 0)
                {
                    _lines.Remove(id);
                }
            }
        }
    }

    private sealed class Line
    {
        public Task Last { get; set; } = Task.CompletedTask;

        public int Waiting { get; set; }

        public int Bytes { get; set; }
    }
}
