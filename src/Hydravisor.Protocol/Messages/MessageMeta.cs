using System.Text.Json.Serialization;

namespace Hydravisor.Protocol;

/// <summary>The optional <c>meta</c> block of a client's message. Labels are compared by reference.</summary>
public sealed record MessageMeta
{
    /// <summary>
    /// Comes back in every direct reply; 1 to 128 characters. For <c>vm/create</c> also the key that makes repeating it safe.
    /// </summary>
    public string? RequestId { get; init; }

    /// <summary>
    /// The incarnation that the sender believes to talk to; if it is not the current one: 409, and nothing is done.
    /// </summary>
    public long? Incarnation { get; init; }

    /// <summary>The name of a new VM; see <see cref="VmName"/>.</summary>
    public string? Name { get; init; }

    /// <summary>Whether the terminal session of a new VM is recorded.</summary>
    public bool? RecordSession { get; init; }

    /// <summary>The labels of a new VM; see <see cref="Label"/>. A label whose value is null counts as absent.</summary>
    [JsonConverter(typeof(LabelsConverter))]
    public IReadOnlyDictionary<string, string>? Labels { get; init; }
}

/// <summary>The <c>meta</c> block of a server's reply.</summary>
public sealed record ReplyMeta
{
    /// <summary>The <c>meta.request_id</c> of the message that this answers.</summary>
    public string? RequestId { get; init; }

    /// <summary>The block for a request id; none if there is no id.</summary>
    public static ReplyMeta? For(string? requestId) => requestId is null ? null : new ReplyMeta { RequestId = requestId };
}
