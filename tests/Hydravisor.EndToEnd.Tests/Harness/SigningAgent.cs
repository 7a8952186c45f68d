using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Hydravisor.EndToEnd.Tests.Harness;

/// <summary>An agent that was added to a node by its verb, and signs as the protocol says, without our client.</summary>
/// <param name="Fingerprint">The fingerprint of its key.</param>
/// <param name="Key">Its key.</param>
/// <param name="Role">The role that it acts in.</param>
internal sealed record SigningAgent(string Fingerprint, byte[] Key, string Role)
{
    /// <summary>Adds one.</summary>
    public static async Task<SigningAgent> AddAsync(NodeUnderTest node, string role, string? name = null)
    {
        var json = await VerbAsync(node, ["add", "--role", role, "-o", "json", .. name is null ? (string[])[] : ["--name", name]]);
        return Of(json, role);
    }

    /// <summary>What a verb printed of a key.</summary>
    public static SigningAgent Of(string json, string role)
    {
        var added = JsonDocument.Parse(json).RootElement;
        return new SigningAgent(added.Text("key_fingerprint") ?? added.Text("fingerprint")!, added.GetProperty("key").GetBytesFromBase64(), role);
    }

    /// <summary>Runs <c>hydravisor agent</c> on the node's data directory.</summary>
    public static Task<string> VerbAsync(NodeUnderTest node, params string[] arguments) => Run.CheckedAsync(
        Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
        [Path.Combine(AppContext.BaseDirectory, "hydravisor.dll"), "agent", .. arguments, "--data", node.Data]);

    /// <summary>The line of a message.</summary>
    /// <param name="message">Its JSON, as it shall stand on the line.</param>
    /// <param name="at">Its time; now.</param>
    /// <param name="nonce">Its nonce; a fresh one.</param>
    public string Wrap(string message, DateTimeOffset? at = null, string? nonce = null)
    {
        var timestamp = (at ?? DateTimeOffset.UtcNow).UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        nonce ??= RandomNumberGenerator.GetHexString(32, lowercase: true);
        var signed = $"{Fingerprint}\n{Role}\n{timestamp}\n{nonce}\n{message}";
        var hmac = Convert.ToHexStringLower(HMACSHA256.HashData(Key, Encoding.UTF8.GetBytes(signed)));
        return $$"""{"agent_fingerprint":"{{Fingerprint}}","role":"{{Role}}","timestamp":"{{timestamp}}","nonce":"{{nonce}}","hmac":"{{hmac}}","message":{{message}}}""";
    }

    /// <summary>Sends a signed message and waits for its reply.</summary>
    public async Task<JsonElement> AskAsync(RawConnection connection, string type, string? instanceId = null, string more = "")
    {
        var requestId = "signed-" + RandomNumberGenerator.GetHexString(12, lowercase: true);
        await connection.SendAsync(Wrap(Message(type, instanceId, more, requestId)));
        return await connection.ReplyAsync(requestId);
    }

    /// <summary>A message.</summary>
    public static string Message(string type, string? instanceId, string more, string requestId) =>
        $$"""{"type":"{{type}}"{{(instanceId is null ? "" : $",\"instance_id\":\"{instanceId}\"")}}{{(more.Length == 0 ? "" : "," + more)}},"meta":{"request_id":"{{requestId}}"} }""";
}
