using System.Net;
using Akka.Configuration;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Setup;

/// <summary>A setting that cannot be used. The message names the key, what it is, and what would be right.</summary>
internal sealed class SettingException(string message) : Exception(message);

/// <summary>Reads <c>hydravisor.*</c> keys with their units and ranges.</summary>
/// <param name="config">The configuration below <c>hydravisor</c>.</param>
/// <param name="path">Where in it to read, for messages.</param>
internal sealed class SettingsReader(Config config, string path)
{
    /// <summary>The settings of a part.</summary>
    public SettingsReader In(string part) => new(config.GetConfig(part) ?? Config.Empty, $"{path}.{part}");

    /// <summary>A text; empty where it may be.</summary>
    public string Text(string key) => config.GetString(key) ?? "";

    /// <summary>A list of words; may be empty.</summary>
    public IReadOnlyList<string> Words(string key) => [.. config.GetStringList(key)];

    /// <summary>One of some words.</summary>
    public string OneOf(string key, params string[] words) =>
        words.Contains(Text(key)) ? Text(key) : throw Wrong(key, $"one of {string.Join(", ", words)}");

    /// <summary>A whole number in a range.</summary>
    public int Number(string key, int min, int max)
    {
        try
        {
            var value = config.GetInt(key);
            return value >= min && value <= max ? value : throw Wrong(key, $"a whole number from {min} to {max}");
        }
        catch (Exception e) when (e is not SettingException)
        {
            throw Wrong(key, $"a whole number from {min} to {max}");
        }
    }

    /// <summary>A ratio over 0.</summary>
    public double Ratio(string key)
    {
        try
        {
            var value = config.GetDouble(key);
            return value is > 0 and <= 1000 ? value : throw Wrong(key, "a number over 0, at most 1000");
        }
        catch (Exception e) when (e is not SettingException)
        {
            throw Wrong(key, "a number over 0, at most 1000");
        }
    }

    /// <summary>A time over 0.</summary>
    public TimeSpan Time(string key)
    {
        try
        {
            var value = config.GetTimeSpan(key);
            return value > TimeSpan.Zero ? value : throw Wrong(key, "a time over 0, such as \"30s\"");
        }
        catch (Exception e) when (e is not SettingException)
        {
            throw Wrong(key, "a time such as \"200ms\", \"30s\", \"5m\"");
        }
    }

    /// <summary>A size.</summary>
    public long Size(string key) =>
        ByteSize.TryParse(Text(key), out var size, out var error) ? size.Bytes : throw Wrong(key, $"a size such as \"512MB\" ({error})");

    /// <summary>A size that fits an array.</summary>
    public int SmallSize(string key) =>
        Size(key) is var size and >= 64 and <= 1 << 30 ? (int)size : throw Wrong(key, "a size from 64 bytes to 1GB");

    /// <summary>An address and port.</summary>
    public IPEndPoint EndPoint(string key)
    {
        var text = Text(key);
        var colon = text.LastIndexOf(':');
        return colon > 0 && IPEndPoint.TryParse(text, out var endPoint)
            ? endPoint
            : throw Wrong(key, "an IP address and a port, such as \"127.0.0.1:7411\" or \"[::1]:7411\"");
    }

    private SettingException Wrong(string key, string right) => new($"{path}.{key} = \"{Text(key)}\" is not usable: it must be {right}.");
}
