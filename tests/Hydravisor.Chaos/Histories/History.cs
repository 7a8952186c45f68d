using System.Text.Json;

namespace Hydravisor.Chaos.Histories;

/// <summary>What all clients did and were told, in the order in which it happened here. Safe for all threads.</summary>
internal sealed class History
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };
    private readonly Lock _gate = new();
    private readonly List<HistoryEvent> _events = [];
    private readonly long _began = TimeProvider.System.GetTimestamp();

    /// <summary>How long ago the run began.</summary>
    public TimeSpan Now => TimeProvider.System.GetElapsedTime(_began);

    /// <summary>All of it until now.</summary>
    public IReadOnlyList<HistoryEvent> Events
    {
        get
        {
            lock (_gate)
            {
                return [.. _events];
            }
        }
    }

    /// <summary>Adds what happens now.</summary>
    public void Add(Func<TimeSpan, HistoryEvent> happened)
    {
        lock (_gate)
        {
            _events.Add(happened(Now));
        }
    }

    /// <summary>One of it as a line of JSON.</summary>
    public static string LineOf(HistoryEvent one) => JsonSerializer.Serialize(one, Json);
}
