using System.Buffers;
using System.Security.Cryptography;
using Akka.Configuration;

namespace Hydravisor.Actors.Hypervisors.Images;

/// <summary>
/// Takes disks of others in: copies one into the images directory, checks its digest on the way and its form afterwards, and enters it into the
/// catalogue. All or nothing: whatever fails, no file and no entry is left. One at a time, whoever's process it is: a second is refused at once.
/// </summary>
/// <param name="hydravisorImages">The configuration below <c>hydravisor.images</c>.</param>
/// <param name="imagesDirectory">Where images are; absolute.</param>
/// <param name="http">Fetches what is not a file here.</param>
internal sealed class ImageImport(Config hydravisorImages, string imagesDirectory, HttpClient http)
{
    /// <summary>The longest file that is taken in: 1 TiB.</summary>
    public const long BytesMax = 1L << 40;

    private const UnixFileMode AllMayRead = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode AllMayEnter =
        AllMayRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
    private const int ChunkBytes = 1 << 20;

    private static readonly TimeSpan SilenceMax = TimeSpan.FromSeconds(60);

    /// <summary>Takes one in; answers its entry.</summary>
    /// <param name="request">What.</param>
    /// <param name="progress">Told as the copy goes on; may be null.</param>
    /// <param name="cancellation">Gives up, leaving nothing.</param>
    /// <exception cref="ImageImportException">It cannot be taken in.</exception>
    /// <exception cref="ImageCatalogueException">The catalogue is in disorder.</exception>
    public async Task<ImageEntry> ImportAsync(ImageImportRequest request, IProgress<ImageImportProgress>? progress, CancellationToken cancellation)
    {
        request = Checked(request);
        try
        {
            Directory.CreateDirectory(imagesDirectory, AllMayEnter);
            using var turn = Turn();
            CheckName(request);
            // One name, so that what a killed process left is overwritten by the next.
            var temporary = Path.Combine(imagesDirectory, ".import.part");
            try
            {
                await CopyAsync(request, temporary, progress, cancellation).ConfigureAwait(false);
                var format = FormatOf(temporary);
                await DiskInspection.CheckAsync(temporary, format, cancellation).ConfigureAwait(false);
                return Enter(request, temporary, format);
            }
            finally
            {
                File.Delete(temporary);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ImageImportException($"{imagesDirectory} cannot be written to: {e.Message}", e);
        }
    }

    private static ImageImportRequest Checked(ImageImportRequest request)
    {
        if (!ImageName.IsRight(request.Name))
        {
            throw new ImageImportException($"\"{request.Name}\" cannot be the name of an image: it must be {ImageName.Rule}.");
        }

        var digest = request.Sha256.ToLowerInvariant();
        if (!ImageEntryReader.IsSha256(digest))
        {
            throw new ImageImportException($"\"{request.Sha256}\" is no SHA-256 digest: it must be 64 hexadecimal digits, as sha256sum prints them.");
        }

        if (request.ReadyConsole is { } pattern)
        {
            if (pattern.Length == 0 || pattern.Trim() != pattern || pattern.Any(char.IsControl))
            {
                throw new ImageImportException(
                    "the pattern for the console must not be empty, nor begin or end with a blank, nor hold control characters: "
                    + "write \\s for a blank, \\t for a tab.");
            }

            if (!ImageEntryReader.IsPattern(pattern, out var wrong))
            {
                throw new ImageImportException(
                    $"\"{pattern}\" is not usable for the console: it must be a regular expression of .NET "
                    + $"without look-around and back-references ({wrong})");
            }
        }
        else if (request.Agent == false)
        {
            throw new ImageImportException("without the guest agent a pattern for the console is needed: a boot without a sign of life never ends.");
        }

        return request with { Sha256 = digest };
    }

    private void CheckName(ImageImportRequest request)
    {
        if (!ImageCatalogue.Load(hydravisorImages, imagesDirectory).TryGet(request.Name, out var there))
        {
            return;
        }

        if (!ImportedImages.Read(imagesDirectory).Any(entry => entry.Name == request.Name))
        {
            throw new ImageImportException($"the image {request.Name} stands in the configuration already; choose another name.");
        }

        if (!request.Replace)
        {
            throw new ImageImportException(
                $"an image {request.Name} was imported already (sha256 {there.Sha256}); choose another name, or use --replace: "
                + "VMs made of the former keep it.");
        }
    }

    private async Task CopyAsync(
        ImageImportRequest request, string temporary, IProgress<ImageImportProgress>? progress, CancellationToken cancellation)
    {
        await using var source = await ImageSource.OpenAsync(request.From, http, cancellation).ConfigureAwait(false);
        CheckRoom(source.Length ?? 0);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var copied = 0L;
        var chunk = ArrayPool<byte>.Shared.Rent(ChunkBytes);
        try
        {
            await using var target = new FileStream(temporary, new FileStreamOptions
            {
                Mode = FileMode.Create,
                Access = FileAccess.Write,
                BufferSize = 0,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
            while (await ReadAsync(source.Stream, chunk, request.From, cancellation).ConfigureAwait(false) is var read and > 0)
            {
                copied += read;
                if (copied > BytesMax)
                {
                    throw new ImageImportException($"{request.From} is longer than {BytesMax} bytes, the most that is taken in.");
                }

                hash.AppendData(chunk, 0, read);
                await target.WriteAsync(chunk.AsMemory(0, read), cancellation).ConfigureAwait(false);
                progress?.Report(new ImageImportProgress(copied, source.Length));
            }

            target.Flush(flushToDisk: true);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }

        if (Convert.ToHexStringLower(hash.GetHashAndReset()) is var digest && digest != request.Sha256)
        {
            throw new ImageImportException(
                $"{request.From} ({copied} bytes) has the sha256 {digest}, not {request.Sha256}: "
                + "it is another file, or it was changed on its way.");
        }
    }

    private static async Task<int> ReadAsync(Stream source, byte[] chunk, string from, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(SilenceMax);
        try
        {
            return await source.ReadAsync(chunk, limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new ImageImportException($"{from} sent nothing for {SilenceMax.TotalSeconds} s.");
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            throw new ImageImportException($"{from} could not be read to its end: {e.Message}", e);
        }
    }

    private void CheckRoom(long needed)
    {
        var free = new DriveInfo(imagesDirectory).AvailableFreeSpace;
        if (needed > free)
        {
            throw new ImageImportException($"the file has {needed} bytes, and {imagesDirectory} has room for {free}.");
        }
    }

    private static string FormatOf(string disk)
    {
        using var file = File.OpenRead(disk);
        return DiskHeader.FormatOf(file);
    }

    /// <summary>Puts the file in its place and the entry into the list; takes the first back when the second fails.</summary>
    private ImageEntry Enter(ImageImportRequest request, string temporary, string format)
    {
        var folder = Path.Combine(imagesDirectory, request.Name);
        var madeFolder = !Directory.Exists(folder);
        var disk = Path.Combine(folder, ImageFiles.NameOf("disk", request.Sha256, format));
        // The very same bytes may be there from before, and in use.
        var madeDisk = !File.Exists(disk);
        var agent = request.Agent ?? request.ReadyConsole is null;
        var entry = new ImageEntry
        {
            Name = request.Name,
            Boot = ImageBoot.Disk,
            Architecture = "x86_64",
            DiskPath = disk,
            DiskFormat = format,
            MinRam = request.MinRam,
            Ready = new ReadySignal(request.ReadyConsole, agent),
            Agent = agent,
            CloudInit = request.CloudInit,
            Sha256 = request.Sha256,
            IsBuilt = true,
        };
        try
        {
            Directory.CreateDirectory(folder);
            // Whatever the mask is: QEMU runs as another user.
            File.SetUnixFileMode(folder, AllMayEnter);
            File.SetUnixFileMode(temporary, AllMayRead);
            if (madeDisk)
            {
                File.Move(temporary, disk);
            }

            ImportedImages.Write(imagesDirectory, ImportedImages.Read(imagesDirectory).Where(other => other.Name != request.Name).Append(entry));
            return entry;
        }
        catch
        {
            if (madeDisk)
            {
                File.Delete(disk);
            }

            if (madeFolder && Directory.Exists(folder))
            {
                Directory.Delete(folder);
            }

            throw;
        }
    }

    private FileStream Turn()
    {
        var file = Path.Combine(imagesDirectory, ".import.lock");
        try
        {
            // An advisory lock of the operating system: it ends with the process, however that ends.
            return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (File.Exists(file))
        {
            throw new ImageImportException($"another import into {imagesDirectory} is under way: try again when it has ended.", e);
        }
    }
}
