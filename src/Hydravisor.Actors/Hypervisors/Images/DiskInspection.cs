using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;

namespace Hydravisor.Actors.Hypervisors.Images;

/// <summary>What <c>qemu-img info</c> says of a disk whose format is known.</summary>
internal static class DiskInspection
{
    /// <summary>The largest disk, in bytes, that a guest may see: 16 TiB.</summary>
    public const long VirtualBytesMax = 16L << 40;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Checks a disk.</summary>
    /// <exception cref="ImageImportException">It cannot be used.</exception>
    public static async Task CheckAsync(string path, string format, CancellationToken cancellation)
    {
        using var answer = JsonDocument.Parse(await AskAsync(path, format, cancellation).ConfigureAwait(false));
        var info = answer.RootElement;
        if (Text(info, "format") != format)
        {
            throw new ImageImportException($"the disk is of the format {Text(info, "format")}; {format} was expected.");
        }

        if (info.TryGetProperty("backing-filename", out _) || info.TryGetProperty("full-backing-filename", out _))
        {
            throw new ImageImportException("the disk has a backing file. Make it whole first: qemu-img convert -O qcow2 OLD NEW.qcow2");
        }

        if (Is(info, "encrypted"))
        {
            throw new ImageImportException("the disk is encrypted; it must be given in the clear.");
        }

        if (info.TryGetProperty("format-specific", out var specific) && specific.TryGetProperty("data", out var data))
        {
            if (data.TryGetProperty("data-file", out _))
            {
                throw new ImageImportException(
                    "the disk keeps its data in another file. Make it whole first: qemu-img convert -O qcow2 OLD NEW.qcow2");
            }

            if (Is(data, "corrupt"))
            {
                throw new ImageImportException("the disk is marked as corrupt: get it anew.");
            }
        }

        var size = info.TryGetProperty("virtual-size", out var bytes) && bytes.TryGetInt64(out var number) ? number : 0;
        if (size is <= 0 or > VirtualBytesMax)
        {
            throw new ImageImportException($"the disk has a size of {size} bytes; it must be more than 0 and at most {VirtualBytesMax}.");
        }
    }

    private static async Task<string> AskAsync(string path, string format, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo("qemu-img", ["info", "--output=json", "-f", format, "--", path])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            Environment = { ["LC_ALL"] = "C" },
        };
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Patience);
        using var process = Start(start);
        try
        {
            process.StandardInput.Close();
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var error = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
            var complaint = (await error.ConfigureAwait(false)).ReplaceLineEndings(" ").Trim();
            return process.ExitCode == 0
                ? await output.ConfigureAwait(false)
                : throw new ImageImportException($"qemu-img cannot read the disk: {complaint}");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new ImageImportException($"qemu-img did not read the disk within {Patience.TotalSeconds} s.");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start) ?? throw new ImageImportException("qemu-img could not be started.");
        }
        catch (Win32Exception e)
        {
            throw new ImageImportException($"qemu-img could not be started ({e.Message}): install the package qemu-utils.", e);
        }
    }

    private static string? Text(JsonElement from, string name) =>
        from.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static bool Is(JsonElement from, string name) => from.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;
}
