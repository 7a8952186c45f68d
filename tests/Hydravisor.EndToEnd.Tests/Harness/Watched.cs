using System.Text;
using Hydravisor.Client;
using Hydravisor.Protocol;

namespace Hydravisor.EndToEnd.Tests.Harness;

/// <summary>A terminal that is streamed to a client of its own, and all that came.</summary>
internal sealed class Watched : IAsyncDisposable
{
    private const int LastBytes = 256 * 1024;

    private readonly HydravisorClient _client;
    private readonly MemoryStream _bytes = new();

    private Watched(HydravisorClient client, TerminalFeed feed) => (_client, Feed) = (client, feed);

    /// <summary>The terminal.</summary>
    public TerminalFeed Feed { get; }

    /// <summary>How often the whole screen came.</summary>
    public int Resets { get; private set; }

    /// <summary>How many bytes came.</summary>
    public long Bytes => _bytes.Length;

    /// <summary>What came, byte by byte as Latin 1.</summary>
    public string Text => Encoding.Latin1.GetString(_bytes.GetBuffer(), 0, (int)_bytes.Length);

    /// <summary>Whether a text is near the end of what came.</summary>
    public bool Shows(string text)
    {
        var bytes = _bytes.GetBuffer().AsSpan(0, (int)_bytes.Length);
        return bytes[Math.Max(0, bytes.Length - LastBytes)..].IndexOf(Encoding.Latin1.GetBytes(text)) >= 0;
    }

    /// <summary>Attaches over a connection of its own.</summary>
    public static async Task<Watched> AttachAsync(NodeUnderTest node, string id, TerminalRole role)
    {
        var client = await node.ConnectClientAsync();
        try
        {
            var size = role == TerminalRole.Operator ? ((int?)100, (int?)30) : (null, null);
            return new Watched(client, await client.OpenTerminalAsync(id, role, size.Item1, size.Item2));
        }
        catch
        {
            await client.DisposeAsync();
            throw;
        }
    }

    /// <summary>Reads until what came passes.</summary>
    public async Task UntilAsync(Func<Watched, bool> wanted, string what)
    {
        while (!wanted(this))
        {
            var output = await Feed.Output.ReadAsync().AsTask().InTimeAsync(what, () => Text);
            Resets += output.Reset == true ? 1 : 0;
            _bytes.Write(Convert.FromBase64String(output.DataB64));
        }
    }

    /// <summary>Reads until a text came.</summary>
    public Task SeeAsync(string text) => UntilAsync(watched => watched.Text.Contains(text, StringComparison.Ordinal), $"'{text}' on a terminal");

    /// <summary>What came between two texts.</summary>
    public string Between(string begin, string end)
    {
        var text = Text;
        var from = text.LastIndexOf(begin, StringComparison.Ordinal);
        return text[from..text.IndexOf(end, from, StringComparison.Ordinal)];
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _client.DisposeAsync();
}
