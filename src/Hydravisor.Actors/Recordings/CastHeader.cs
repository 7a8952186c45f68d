using System.Text.Json;
using System.Text.Json.Serialization;

namespace Hydravisor.Actors.Recordings;

/// <summary>The first line of an asciicast file. Immutable.</summary>
/// <param name="Version">2.</param>
/// <param name="Width">Columns.</param>
/// <param name="Height">Rows.</param>
/// <param name="Timestamp">When this part began, in seconds of the Unix epoch.</param>
/// <param name="Title">For a person.</param>
/// <param name="Env">The environment of the recorded program, as players want it.</param>
/// <param name="Hydravisor">What is ours; null in files of others.</param>
internal sealed record CastHeader(
    int Version, int Width, int Height, long Timestamp, string? Title, IReadOnlyDictionary<string, string>? Env, CastOrigin? Hydravisor)
{
    private static readonly Dictionary<string, string> Terminal = new() { ["TERM"] = "xterm-256color" };

    /// <summary>The header of a part.</summary>
    public static CastHeader Of(int cols, int rows, string title, CastOrigin origin) =>
        new(2, cols, rows, origin.PartStarted.ToUnixTimeSeconds(), title, Terminal, origin);

    /// <summary>The line without its end.</summary>
    public byte[] ToLine() => JsonSerializer.SerializeToUtf8Bytes(this, CastJson.Default.CastHeader);

    /// <summary>Reads the line. Null: it is none that we wrote.</summary>
    public static CastHeader? Read(ReadOnlySpan<byte> line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, CastJson.Default.CastHeader) is { Version: 2, Hydravisor: not null } header ? header : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>Where a part of a recording comes from. Immutable.</summary>
/// <param name="InstanceId">The VM.</param>
/// <param name="Node">The node that wrote it.</param>
/// <param name="Part">Which part it is; the first is 1. A part whose number is missing was removed.</param>
/// <param name="Started">When the recording began.</param>
/// <param name="PartStarted">When this part began.</param>
/// <param name="OffsetMicros">Microseconds of the recording before this part; the times in it count from there.</param>
internal sealed record CastOrigin(string InstanceId, string Node, int Part, DateTimeOffset Started, DateTimeOffset PartStarted, long OffsetMicros);

/// <summary>The JSON form of headers.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(CastHeader))]
internal sealed partial class CastJson : JsonSerializerContext;
