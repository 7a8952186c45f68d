namespace Hydravisor.Host.Verbs;

/// <summary>Where a node listens.</summary>
/// <param name="Host">A name or an address.</param>
/// <param name="Port">1 to 65535.</param>
internal readonly record struct NodeAddress(string Host, int Port)
{
    /// <summary>The address where a node listens if nothing else is said.</summary>
    public const string Default = "127.0.0.1:7411";

    /// <summary>
    /// The address for a client: what was said, or <c>HYDRAVISOR_CONNECT</c>, or where this machine's node listens.
    /// </summary>
    /// <exception cref="VerbFailure">It is none; says from where it came and what would be right.</exception>
    public static NodeAddress Of(string? said, Func<string, string?> variable)
    {
        foreach (var (text, source) in new[]
        {
            (said, "--connect"),
            (variable("HYDRAVISOR_CONNECT"), "HYDRAVISOR_CONNECT"),
            (variable("HYDRAVISOR_LISTEN"), "HYDRAVISOR_LISTEN"),
            (Default, "the default"),
        })
        {
            if (!string.IsNullOrEmpty(text))
            {
                return Parse(text) ?? throw new VerbFailure(
                    $"{source} is \"{TerminalText.Of(text)}\"; it must be HOST:PORT, such as {Default} or [::1]:7411.",
                    ExitCode.Usage);
            }
        }

        throw new InvalidOperationException("The default address is empty.");
    }

    /// <inheritdoc/>
    public override string ToString() => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";

    private static NodeAddress? Parse(string text) =>
        Uri.TryCreate($"tcp://{text}", UriKind.Absolute, out var uri)
        && uri is { Port: > 0, PathAndQuery: "/" or "", UserInfo: "", Fragment: "" }
        && text[^1] is >= '0' and <= '9'
            ? new NodeAddress(Reachable(uri.DnsSafeHost), uri.Port)
            : null;

    /// <summary>A node that listens everywhere is reached at home.</summary>
    private static string Reachable(string host) => host switch
    {
        "0.0.0.0" => "127.0.0.1",
        "::" => "::1",
        _ => host,
    };
}
