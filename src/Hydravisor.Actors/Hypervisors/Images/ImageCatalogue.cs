using System.Diagnostics.CodeAnalysis;
using Akka.Configuration;

namespace Hydravisor.Actors.Hypervisors.Images;

/// <summary>
/// The images that may be: those of the configuration and those that were imported. What is read is fixed; whether an image is built
/// is looked up at each question. Safe for all threads.
/// </summary>
internal sealed class ImageCatalogue
{
    private readonly SortedDictionary<string, ImageEntry> _entries;

    private ImageCatalogue(SortedDictionary<string, ImageEntry> entries) => _entries = entries;

    /// <summary>All entries, by name, as they are now.</summary>
    public IReadOnlyList<ImageEntry> All => [.. _entries.Values.Select(ImageFiles.Resolve)];

    /// <summary>Reads and checks the catalogue.</summary>
    /// <param name="hydravisorImages">The configuration below <c>hydravisor.images</c>.</param>
    /// <param name="imagesDirectory">Where the images are; absolute. <c>imported.conf</c> is read there.</param>
    /// <exception cref="ImageCatalogueException">An entry cannot be used.</exception>
    public static ImageCatalogue Load(Config hydravisorImages, string imagesDirectory)
    {
        var entries = new SortedDictionary<string, ImageEntry>(StringComparer.Ordinal);
        Read(hydravisorImages, "hydravisor.images.catalogue", imagesDirectory, entries);
        var imported = ImportedImages.FileIn(imagesDirectory);
        Read(ImportedImages.Parse(imagesDirectory), imported, imagesDirectory, entries);
        return new ImageCatalogue(entries);
    }

    /// <summary>The entry of that name, as it is now: it may not be built.</summary>
    public bool TryGet(string name, [NotNullWhen(true)] out ImageEntry? entry)
    {
        entry = _entries.TryGetValue(name, out var found) ? ImageFiles.Resolve(found) : null;
        return entry is not null;
    }

    /// <summary>
    /// The entry as it was when a VM was made of it: with that VM's own disk, also where the image was built anew or replaced since.
    /// </summary>
    public bool TryGetFor(ImageRef made, [NotNullWhen(true)] out ImageEntry? entry)
    {
        if (TryGet(made.Name, out entry) && made.Sha256 is { } sha256 && entry.DiskPath is not null)
        {
            entry = ImageFiles.WithDigest(entry, sha256);
        }

        return entry is not null;
    }

    private static void Read(Config images, string file, string directory, SortedDictionary<string, ImageEntry> entries)
    {
        if (images.GetConfig("catalogue") is not { } catalogue || !catalogue.Root.IsObject())
        {
            return;
        }

        foreach (var (name, value) in catalogue.Root.GetObject().Items)
        {
            var entry = new ImageEntryReader(name, value, file, directory).Read();
            if (!entries.TryAdd(name, entry))
            {
                throw new ImageCatalogueException(
                    $"{file}: image \"{name}\" stands in the configuration too: one of the two must have another name.");
            }
        }
    }
}
