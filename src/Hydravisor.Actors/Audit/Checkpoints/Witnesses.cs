using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;

namespace Hydravisor.Actors.Audit.Checkpoints;

/// <summary>The forms of witnesses, by their address.</summary>
internal static class Witnesses
{
    /// <summary>What an address may be.</summary>
    public const string Forms = "\"file:/PATH\" (on another disk or machine), \"syslog:\", \"http://…\" or \"https://…\", or empty for none";

    /// <summary>The witness at an address; null where it is empty.</summary>
    /// <exception cref="FormatException">It is no address of a witness.</exception>
    public static IWitness? Open(string address) => address switch
    {
        "" => null,
        _ when After(address, "file:") is { } path && Path.IsPathFullyQualified(path) => new FileWitness(path),
        _ when After(address, "syslog:") is { } path && (path.Length == 0 || Path.IsPathFullyQualified(path)) => new SyslogWitness(path.Length == 0 ? "/dev/log" : path),
        _ when Uri.TryCreate(address, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps) => new HttpWitness(uri),
        _ => throw new FormatException($"\"{address}\" is no witness: {Forms} is"),
    };

    private static string? After(string address, string prefix) => address.StartsWith(prefix, StringComparison.Ordinal) ? address[prefix.Length..] : null;
}

/// <summary>A file, best on a disk that this machine can only append to: a line for each checkpoint.</summary>
internal sealed class FileWitness(string path) : IWitness
{
    /// <inheritdoc/>
    public async Task TellAsync(string line, CancellationToken stop)
    {
        await using var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.Append,
            Access = FileAccess.Write,
            Share = FileShare.ReadWrite,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        await file.WriteAsync(Encoding.UTF8.GetBytes(line + "\n"), stop).ConfigureAwait(false);
        file.Flush(flushToDisk: true);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}

/// <summary>The machine's syslog, which takes it elsewhere: facility <c>authpriv</c>, severity <c>notice</c> (RFC 3164, as <c>syslog(3)</c> writes it).</summary>
internal sealed class SyslogWitness(string socketPath) : IWitness
{
    private const int AuthprivNotice = (10 << 3) | 5;

    /// <inheritdoc/>
    public async Task TellAsync(string line, CancellationToken stop)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), stop).ConfigureAwait(false);
        await socket.SendAsync(Encoding.UTF8.GetBytes($"<{AuthprivNotice}>hydravisor[{Environment.ProcessId}]: checkpoint {line}"), stop).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}

/// <summary>A web service: a POST of <c>application/json</c> for each checkpoint, which any answer of 2xx takes.</summary>
internal sealed class HttpWitness(Uri address) : IWitness
{
    private static readonly TimeSpan TimeMax = TimeSpan.FromSeconds(10);
    private readonly HttpClient _client = new() { Timeout = TimeMax };

    /// <inheritdoc/>
    public async Task TellAsync(string line, CancellationToken stop)
    {
        using var content = new StringContent(line, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        using var answer = await _client.PostAsync(address, content, stop).ConfigureAwait(false);
        answer.EnsureSuccessStatusCode();
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();
}
