using System.Text.Json;

namespace Hydravisor.Protocol;

/// <summary>
/// The shortest way for the one exchange that a node has in masses, a <c>vm/state</c> query and its answer: twice as fast as
/// the generated code and with a fraction of its garbage. A property test holds that both ways read and write the same.
/// </summary>
internal static class VmStateLine
{
    /// <summary>
    /// Reads a clean line of type <c>vm/state</c>; none if it holds anything out of the ordinary, for the general way to judge.
    /// </summary>
    public static VmStateQuery? TryRead(ReadOnlySpan<byte> line)
    {
        string? instanceId = null;
        bool? query = null, subscribe = null;
        MessageMeta? meta = null;
        var reader = new Utf8JsonReader(line);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var good = reader.ValueTextEquals("instance_id"u8) ? ReadText(ref reader, out instanceId)
                : reader.ValueTextEquals("query"u8) ? ReadBool(ref reader, out query)
                : reader.ValueTextEquals("subscribe"u8) ? ReadBool(ref reader, out subscribe)
                : reader.ValueTextEquals("meta"u8) ? ReadMeta(ref reader, out meta)
                : reader.ValueTextEquals("type"u8) && reader.Read();
            if (!good)
            {
                return null;
            }
        }

        return instanceId is null
            ? null
            : new VmStateQuery { InstanceId = instanceId, Query = query, Subscribe = subscribe, Meta = meta };
    }

    /// <summary>Writes the message; the order of fields is that of the generated code.</summary>
    public static void Write(VmStateMessage message, Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString(Name.Type, Name.VmState);
        writer.WriteString(Name.InstanceId, message.InstanceId);
        writer.WriteString(Name.State, VmPhaseConverter.Encoded(message.State));
        Span<byte> since = stackalloc byte[WireTimeConverter.BufferBytes];
        WireTimeConverter.Format(message.Since, since);
        writer.WriteString(Name.Since, since[..WireTimeConverter.Chars]);
        writer.WriteString(Name.Node, message.Node);
        writer.WriteString(Name.Os, message.Os);
        writer.WriteNumber(Name.Cpu, message.Cpu);
        writer.WriteString(Name.Ram, message.Ram);
        WriteText(writer, Name.Disk, message.Disk);
        writer.WriteString(Name.Network, message.Network);
        writer.WriteString(Name.Name_, message.Name);
        WriteText(writer, Name.Model, message.Model);
        if (message.Labels is { } labels)
        {
            writer.WritePropertyName(Name.Labels);
            LabelsConverter.Write(writer, labels);
        }

        WriteBool(writer, Name.RecordSession, message.RecordSession);
        WriteText(writer, Name.OnNodeLoss, message.OnNodeLoss);
        writer.WriteNumber(Name.Incarnation, message.Incarnation);
        writer.WriteNumber(Name.Revision, message.Revision);
        WriteText(writer, Name.Reason, message.Reason);
        WriteText(writer, Name.Owner, message.Owner);
        WriteBool(writer, Name.Broadcast, message.Broadcast);
        if (message.Previous is { } previous)
        {
            writer.WriteString(Name.Previous, VmPhaseConverter.Encoded(previous));
        }

        if (message.Meta is { } meta)
        {
            writer.WriteStartObject(Name.Meta);
            WriteText(writer, Name.RequestId, meta.RequestId);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }

    private static bool ReadText(scoped ref Utf8JsonReader reader, out string? text)
    {
        reader.Read();
        text = reader.TokenType == JsonTokenType.String && !reader.ValueIsEscaped ? reader.GetString() : null;
        return text is not null;
    }

    private static bool ReadBool(scoped ref Utf8JsonReader reader, out bool? value)
    {
        reader.Read();
        value = reader.TokenType switch
        {
            JsonTokenType.True => true,
            JsonTokenType.False => false,
            _ => null,
        };
        return value is not null;
    }

    private static bool ReadMeta(scoped ref Utf8JsonReader reader, out MessageMeta? meta)
    {
        string? requestId = null;
        long? incarnation = null;
        meta = null;
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return false;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var good = reader.ValueTextEquals("request_id"u8) ? ReadText(ref reader, out requestId)
                : reader.ValueTextEquals("incarnation"u8) && ReadWhole(ref reader, out incarnation);
            if (!good)
            {
                return false;
            }
        }

        meta = new MessageMeta { RequestId = requestId, Incarnation = incarnation };
        return true;
    }

    private static bool ReadWhole(scoped ref Utf8JsonReader reader, out long? value)
    {
        reader.Read();
        value = reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var whole) ? whole : null;
        return value is not null;
    }

    private static void WriteText(Utf8JsonWriter writer, JsonEncodedText name, string? text)
    {
        if (text is not null)
        {
            writer.WriteString(name, text);
        }
    }

    private static void WriteBool(Utf8JsonWriter writer, JsonEncodedText name, bool? value)
    {
        if (value is { } given)
        {
            writer.WriteBoolean(name, given);
        }
    }

    private static class Name
    {
        public static readonly JsonEncodedText Type = JsonEncodedText.Encode("type");
        public static readonly JsonEncodedText VmState = JsonEncodedText.Encode(MessageTypes.VmState);
        public static readonly JsonEncodedText InstanceId = JsonEncodedText.Encode("instance_id");
        public static readonly JsonEncodedText State = JsonEncodedText.Encode("state");
        public static readonly JsonEncodedText Since = JsonEncodedText.Encode("since");
        public static readonly JsonEncodedText Node = JsonEncodedText.Encode("node");
        public static readonly JsonEncodedText Os = JsonEncodedText.Encode("os");
        public static readonly JsonEncodedText Cpu = JsonEncodedText.Encode("cpu");
        public static readonly JsonEncodedText Ram = JsonEncodedText.Encode("ram");
        public static readonly JsonEncodedText Disk = JsonEncodedText.Encode("disk");
        public static readonly JsonEncodedText Network = JsonEncodedText.Encode("network");
        public static readonly JsonEncodedText Name_ = JsonEncodedText.Encode("name");
        public static readonly JsonEncodedText Model = JsonEncodedText.Encode("model");
        public static readonly JsonEncodedText Labels = JsonEncodedText.Encode("labels");
        public static readonly JsonEncodedText RecordSession = JsonEncodedText.Encode("record_session");
        public static readonly JsonEncodedText OnNodeLoss = JsonEncodedText.Encode("on_node_loss");
        public static readonly JsonEncodedText Incarnation = JsonEncodedText.Encode("incarnation");
        public static readonly JsonEncodedText Revision = JsonEncodedText.Encode("revision");
        public static readonly JsonEncodedText Reason = JsonEncodedText.Encode("reason");
        public static readonly JsonEncodedText Owner = JsonEncodedText.Encode("owner");
        public static readonly JsonEncodedText Broadcast = JsonEncodedText.Encode("broadcast");
        public static readonly JsonEncodedText Previous = JsonEncodedText.Encode("previous");
        public static readonly JsonEncodedText Meta = JsonEncodedText.Encode("meta");
        public static readonly JsonEncodedText RequestId = JsonEncodedText.Encode("request_id");
    }
}
