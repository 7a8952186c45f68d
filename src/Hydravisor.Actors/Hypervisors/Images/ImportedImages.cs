using System.Text;
using System.Text.Json;
using Akka.Configuration;
using Hydravisor.Actors.Files;

namespace Hydravisor.Actors.Hypervisors.Images;

/// <summary>
/// The file that holds the imported images' entries, in the shape of the catalogue. Written whole, so that a reader sees all or
/// nothing of a change.
/// </summary>
internal static class ImportedImages
{
    private const string Head =
        "# Images that were imported (hydravisor image import). Written by the program; changes by hand are kept only where it can read them.\n";

    /// <summary>Its path.</summary>
    public static string FileIn(string imagesDirectory) => Path.Combine(imagesDirectory, "imported.conf");

    /// <summary>The configuration below <c>hydravisor.images</c>; empty where nothing was imported.</summary>
    /// <exception cref="ImageCatalogueException">The file cannot be read.</exception>
    public static Config Parse(string imagesDirectory)
    {
        var file = FileIn(imagesDirectory);
        try
        {
            return File.Exists(file)
                ? ConfigurationFactory.ParseString(File.ReadAllText(file)).GetConfig("hydravisor.images") ?? Config.Empty
                : Config.Empty;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            throw new ImageCatalogueException($"{file} cannot be read: {e.Message}");
        }
    }

    /// <summary>The imported entries.</summary>
    /// <exception cref="ImageCatalogueException">The file cannot be read or an entry in it cannot be used.</exception>
    public static IReadOnlyList<ImageEntry> Read(string imagesDirectory) => ImageCatalogue.Load(Config.Empty, imagesDirectory).All;

    /// <summary>Replaces the entries.</summary>
    /// <exception cref="IOException">The file cannot be written; the old one stays.</exception>
    public static void Write(string imagesDirectory, IEnumerable<ImageEntry> entries)
    {
        var text = new StringBuilder(Head).Append("hydravisor.images.catalogue {\n");
        foreach (var entry in entries)
        {
            Append(text, entry, imagesDirectory);
        }

        WholeFile.Write(FileIn(imagesDirectory), Encoding.UTF8.GetBytes(text.Append("}\n").ToString()), WholeFile.Public);
    }

    private static void Append(StringBuilder text, ImageEntry entry, string imagesDirectory)
    {
        string Relative(string path) => Quoted(Path.GetRelativePath(imagesDirectory, path));
        static string OnOff(bool on) => on ? "on" : "off";

        text.Append($"  {Quoted(entry.Name)} {{\n")
            .Append("    boot = disk\n")
            .Append($"    disk = {Relative(entry.DiskPath!)}\n")
            .Append($"    format = {entry.DiskFormat}\n")
            .Append($"    architecture = {entry.Architecture}\n")
            .Append($"    min-ram = {entry.MinRam}\n")
            .Append("    ready {\n");
        if (entry.Ready.ConsolePattern is { } pattern)
        {
            text.Append($"      console = {Quoted(pattern)}\n");
        }

        text.Append($"      agent = {OnOff(entry.Ready.Agent)}\n")
            .Append("    }\n")
            .Append($"    agent = {OnOff(entry.Agent)}\n")
            .Append($"    cloud-init = {OnOff(entry.CloudInit)}\n")
            .Append($"    sha256 = {Quoted(entry.Sha256!)}\n")
            .Append("  }\n");
    }

    /// <summary>HOCON's quoted strings are those of JSON.</summary>
    private static string Quoted(string text) => JsonSerializer.Serialize(text);
}
