using System.Buffers;
using System.Text;

namespace Hydravisor.Protocol.Tests;

/// <summary>Lines as text, for tests.</summary>
internal static class Lines
{
    public static Decoded Decode(string line) => LineCodec.Decode(Encoding.UTF8.GetBytes(line));

    public static ClientMessage Message(string line)
    {
        var decoded = Decode(line);
        Assert.True(decoded.IsMessage, decoded.Error?.Message);
        return decoded.Message;
    }

    public static ErrorMessage Error(string line)
    {
        var error = Decode(line).Error;
        Assert.NotNull(error);
        return error;
    }

    /// <summary>The encoded line without its LF, of which there must be exactly one.</summary>
    public static string Encode(ServerMessage message)
    {
        var buffer = new ArrayBufferWriter<byte>();
        LineCodec.Encode(message, buffer);
        return WithoutLf(buffer);
    }

    public static string Encode(ClientMessage message)
    {
        var buffer = new ArrayBufferWriter<byte>();
        LineCodec.Encode(message, buffer);
        return WithoutLf(buffer);
    }

    private static string WithoutLf(ArrayBufferWriter<byte> buffer)
    {
        Assert.Equal(buffer.WrittenCount - 1, buffer.WrittenSpan.IndexOf((byte)'\n'));
        return Encoding.UTF8.GetString(buffer.WrittenSpan[..^1]);
    }
}
