using System.Text.Json;

namespace Hydravisor.EndToEnd.Tests.Harness;

/// <summary>Steps that many tests begin with.</summary>
internal static class WireSteps
{
    /// <summary>Asks about one VM.</summary>
    public static Task<JsonElement> AskAsync(this RawConnection connection, string type, string instanceId, string more = "") =>
        connection.AskAsync($$"""{"type":"{{type}}","instance_id":"{{instanceId}}"{{(more.Length == 0 ? "" : "," + more)}}}""");

    /// <summary>Creates a VM.</summary>
    /// <param name="connection">Over which connection.</param>
    /// <param name="more">More fields of the message, for example <c>"cpu":2</c>.</param>
    /// <returns>Its id.</returns>
    public static async Task<string> CreateAsync(this RawConnection connection, string more = "")
    {
        var reply = await connection.AskAsync($$"""{"type":"vm/create","os":"tiny"{{(more.Length == 0 ? "" : "," + more)}}}""");
        return reply.MustBeOk("vm/create").Id();
    }

    /// <summary>Creates a VM and waits until it runs.</summary>
    public static async Task<string> CreateRunningAsync(this RawConnection connection, string more = "")
    {
        var id = await connection.CreateAsync(more);
        await connection.BroadcastAsync(id, "running");
        return id;
    }

    /// <summary>Does something to a VM that the connection follows, and waits for the state that it leads to.</summary>
    public static async Task<JsonElement> BringAsync(this RawConnection connection, string type, string instanceId, string state)
    {
        (await connection.AskAsync(type, instanceId)).MustBeOk(type);
        return await connection.BroadcastAsync(instanceId, state);
    }

    /// <summary>The state of a VM.</summary>
    public static Task<JsonElement> StateAsync(this RawConnection connection, string instanceId) =>
        connection.AskAsync("vm/state", instanceId, "\"query\":true");

    /// <summary>Asks again until it is not refused any more.</summary>
    /// <param name="ask">Asks.</param>
    /// <param name="alsoFor">The codes, beside 503, that say "not yet" here.</param>
    public static Task<JsonElement> WhenPossibleAsync(Func<Task<JsonElement>> ask, params long[] alsoFor) => Patience.UntilAsync(
        ask,
        reply =>
        {
            var refused = reply.Type() == "mcp/error";
            Assert.True(!refused || reply.Number("code") == 503 || alsoFor.Contains(reply.Number("code")), reply.GetRawText());
            return !refused;
        },
        reply => $"It stayed refused: {reply.GetRawText()}");
}
