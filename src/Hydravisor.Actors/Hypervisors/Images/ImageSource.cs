namespace Hydravisor.Actors.Hypervisors.Images;

/// <summary>Where the bytes of an image come from. Disposing of it closes the file or the connection.</summary>
internal sealed class ImageSource : IAsyncDisposable
{
    private readonly HttpResponseMessage? _response;

    private ImageSource(Stream stream, long? length, HttpResponseMessage? response)
    {
        Stream = stream;
        Length = length;
        _response = response;
    }

    /// <summary>The bytes.</summary>
    public Stream Stream { get; }

    /// <summary>How many, where that is known.</summary>
    public long? Length { get; }

    /// <summary>Opens a file, or asks a server for it.</summary>
    /// <exception cref="ImageImportException">It is not there, or it is neither.</exception>
    public static async Task<ImageSource> OpenAsync(string from, HttpClient http, CancellationToken cancellation)
    {
        try
        {
            // "a:b" may be a file; only the two words are addresses.
            if (Uri.TryCreate(from, UriKind.Absolute, out var address) && address.Scheme is "http" or "https")
            {
                return await AskAsync(address!, http, cancellation).ConfigureAwait(false);
            }

            if (from.Contains("://", StringComparison.Ordinal))
            {
                throw new ImageImportException(
                    $"{from} cannot be fetched: it must be a file or an address that begins with http:// or https://.");
            }

            var file = new FileStream(from, FileMode.Open, FileAccess.Read, FileShare.Read);
            return new ImageSource(file, file.Length, null);
        }
        catch (Exception e) when (
            e is IOException or UnauthorizedAccessException or HttpRequestException or ArgumentException or NotSupportedException)
        {
            throw new ImageImportException($"{from} cannot be read: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Stream.DisposeAsync().ConfigureAwait(false);
        _response?.Dispose();
    }

    private static async Task<ImageSource> AskAsync(Uri address, HttpClient http, CancellationToken cancellation)
    {
        var response = await http.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, cancellation).ConfigureAwait(false);
        try
        {
            if (!response.IsSuccessStatusCode)
            {
                throw new ImageImportException(
                    $"{address} cannot be fetched: the server answered {(int)response.StatusCode} {response.ReasonPhrase}.");
            }

            var stream = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
            return new ImageSource(stream, response.Content.Headers.ContentLength, response);
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }
}
