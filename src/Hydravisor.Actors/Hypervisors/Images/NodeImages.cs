using Akka.Configuration;

namespace Hydravisor.Actors.Hypervisors.Images;

/// <summary>A node's images, alive: what is built or imported while the node runs is there at the next question.</summary>
internal sealed class NodeImages : IImages
{
    private readonly Lock _lock = new();
    private readonly Config _configured;
    private readonly string _directory;
    private readonly Action<string> _warn;
    private ImageCatalogue _catalogue;
    private (DateTime Written, long Length) _read;

    /// <summary>Reads the catalogue.</summary>
    /// <param name="hydravisorImages">The configuration below <c>hydravisor.images</c>.</param>
    /// <param name="imagesDirectory">Where the images are; absolute.</param>
    /// <param name="warn">Told when the list of imported images has become unreadable; the images known before stay in use.</param>
    /// <exception cref="ImageCatalogueException">An entry cannot be used.</exception>
    public NodeImages(Config hydravisorImages, string imagesDirectory, Action<string> warn)
    {
        (_configured, _directory, _warn) = (hydravisorImages, imagesDirectory, warn);
        _read = Stamp();
        _catalogue = ImageCatalogue.Load(hydravisorImages, imagesDirectory);
    }

    /// <summary>The catalogue as it is now.</summary>
    public ImageCatalogue Catalogue
    {
        get
        {
            lock (_lock)
            {
                Refresh();
                return _catalogue;
            }
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> Names => [.. Catalogue.All.Where(entry => entry.IsBuilt).Select(entry => entry.Name)];

    /// <inheritdoc/>
    public ImageOffer? Find(string name) =>
        Catalogue.TryGet(name, out var entry) && entry.IsBuilt
            ? new ImageOffer(
                new ImageRef(entry.Name, entry.Sha256, entry.Ready),
                entry.MinRam.Bytes,
                entry.DiskPath is { } disk ? ImageFiles.VirtualBytes(disk, entry.DiskFormat) : 0)
            : null;

    private void Refresh()
    {
        if (Stamp() is var now && now == _read)
        {
            return;
        }

        _read = now;
        try
        {
            _catalogue = ImageCatalogue.Load(_configured, _directory);
        }
        catch (ImageCatalogueException e)
        {
            _warn(e.Message);
        }
    }

    private (DateTime Written, long Length) Stamp()
    {
        var file = new FileInfo(ImportedImages.FileIn(_directory));
        return file.Exists ? (file.LastWriteTimeUtc, file.Length) : default;
    }
}
