using System.Text.RegularExpressions;
using Akka.Configuration.Hocon;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hypervisors.Images;

/// <summary>Reads one entry of the catalogue and checks all of it.</summary>
/// <param name="name">The entry's name.</param>
/// <param name="entry">What stands under it.</param>
/// <param name="file">Where it stands, for messages.</param>
/// <param name="directory">What its paths are relative to.</param>
internal sealed class ImageEntryReader(string name, HoconValue entry, string file, string directory)
{
    private static readonly string[] Keys =
        ["boot", "kernel", "initrd", "cmdline", "disk", "format", "architecture", "min-ram", "ready", "agent", "cloud-init", "recipe", "sha256"];

    private readonly Dictionary<string, HoconValue> _items = entry.IsObject() ? entry.GetObject().Items : [];

    /// <summary>The entry, with its paths as they stand; links are not followed yet.</summary>
    /// <exception cref="ImageCatalogueException">Something in it cannot be used.</exception>
    public ImageEntry Read()
    {
        if (!ImageName.IsRight(name))
        {
            throw new ImageCatalogueException($"{file}: \"{name}\" cannot be the name of an image: it must be {ImageName.Rule}.");
        }

        if (!entry.IsObject())
        {
            throw new ImageCatalogueException($"{file}: image \"{name}\" must be an object with the keys {string.Join(", ", Keys)}.");
        }

        foreach (var unknown in _items.Keys.Except(Keys))
        {
            throw new ImageCatalogueException(
                $"{file}: image \"{name}\" has a key \"{unknown}\" that there is not; there are {string.Join(", ", Keys)}.");
        }

        var boot = OneOf("boot", null, "kernel", "disk") == "kernel" ? ImageBoot.Kernel : ImageBoot.Disk;
        var agent = OnOff("agent");
        return new ImageEntry
        {
            Name = name,
            Boot = boot,
            Architecture = OneOf("architecture", "x86_64", "x86_64"),
            KernelPath = boot == ImageBoot.Kernel ? FilePath("kernel", needed: true) : Unfitting("kernel", "boot = kernel"),
            InitrdPath = boot == ImageBoot.Kernel ? FilePath("initrd", needed: false) : Unfitting("initrd", "boot = kernel"),
            Cmdline = boot == ImageBoot.Kernel ? Text("cmdline") : Unfitting("cmdline", "boot = kernel"),
            DiskPath = FilePath("disk", needed: boot == ImageBoot.Disk),
            DiskFormat = _items.ContainsKey("disk") ? OneOf("format", null, "qcow2", "raw") : Unfitting("format", "disk") ?? "qcow2",
            MinRam = MinRam(),
            Ready = Ready(agent),
            Agent = agent,
            CloudInit = OnOff("cloud-init"),
            Sha256 = Sha256(),
            Recipe = Text("recipe"),
        };
    }

    /// <summary>Whether a pattern can be used on what a guest writes: one that matches in linear time, since a guest chooses the text.</summary>
    public static bool IsPattern(string pattern, out string? wrong)
    {
        try
        {
            _ = new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
            wrong = null;
            return true;
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            wrong = e.Message;
            return false;
        }
    }

    /// <summary>Whether the text is a SHA-256 digest as we write them.</summary>
    public static bool IsSha256(string text) => text.Length == 64 && text.All(char.IsAsciiHexDigitLower);

    private ReadySignal Ready(bool agent)
    {
        if (!_items.TryGetValue("ready", out var value) || !value.IsObject())
        {
            throw Wrong("ready", "an object with console = \"a regular expression\", or agent = on");
        }

        var ready = value.GetObject().Items;
        foreach (var unknown in ready.Keys.Except(["console", "agent"]))
        {
            throw Wrong($"ready.{unknown}", "console or agent; there is no other sign of life");
        }

        var console = ready.TryGetValue("console", out var pattern) ? Text("ready.console", pattern) : null;
        if (console is not null && !IsPattern(console, out var wrong))
        {
            throw Wrong("ready.console", $"a regular expression of .NET without look-around and back-references ({wrong})");
        }

        var byAgent = ready.TryGetValue("agent", out var word) && OnOff("ready.agent", Text("ready.agent", word));
        if (byAgent && !agent)
        {
            throw Wrong("ready.agent", "off, since the image has agent = off: an agent that is not there never answers");
        }

        return console is not null || byAgent
            ? new ReadySignal(console, byAgent)
            : throw Wrong("ready", "an object with console = \"a regular expression\", or agent = on: a boot without a sign of life never ends");
    }

    private ByteSize MinRam() =>
        ByteSize.TryParse(Text("min-ram"), out var size, out var error) && size.Bytes > 0
            ? size
            : throw Wrong("min-ram", $"a size over 0, such as 256MB{(error is null ? "" : $" ({error})")}");

    private string? Sha256() =>
        Text("sha256") is not { } digest || IsSha256(digest) ? Text("sha256") : throw Wrong("sha256", "64 hexadecimal digits, a to f in lower case");

    private string? FilePath(string key, bool needed)
    {
        if (Text(key) is not { Length: > 0 } path)
        {
            return needed ? throw Wrong(key, "the path of a file, relative to hydravisor.images.directory") : null;
        }

        // Only below the directory: what QEMU opens as another user comes from our own layout.
        var full = Path.GetFullPath(Path.Combine(directory, path));
        return !Path.IsPathRooted(path) && full.StartsWith(directory.TrimEnd('/') + "/", StringComparison.Ordinal)
            ? full
            : throw Wrong(key, $"the path of a file below hydravisor.images.directory ({directory}), such as \"{name}/disk.qcow2\"");
    }

    private string? Unfitting(string key, string condition) =>
        _items.ContainsKey(key) ? throw Wrong(key, $"left out: it goes with {condition}") : null;

    private bool OnOff(string key) => OnOff(key, Text(key) ?? "off");

    private bool OnOff(string key, string? word) => word switch
    {
        "on" or "true" or "yes" => true,
        "off" or "false" or "no" => false,
        _ => throw Wrong(key, "on or off"),
    };

    private string OneOf(string key, string? otherwise, params string[] words) =>
        (Text(key) ?? otherwise) is { } word && words.Contains(word) ? word : throw Wrong(key, string.Join(" or ", words));

    private string? Text(string key) => _items.TryGetValue(key, out var value) ? Text(key, value) : null;

    private string? Text(string key, HoconValue value) =>
        value.IsString() ? value.GetString() : throw Wrong(key, "a text or a word");

    private ImageCatalogueException Wrong(string key, string right)
    {
        var (owner, leaf) = key.Split('.') is [var outer, var inner] && _items.TryGetValue(outer, out var nested) && nested.IsObject()
            ? (nested.GetObject().Items, inner)
            : (_items, key);
        var given = !owner.TryGetValue(leaf, out var value) ? " is missing"
            : value.IsString() ? $" = \"{value.GetString()}\" is not usable"
            : " is not usable";
        return new ImageCatalogueException($"{file}: image \"{name}\": {key}{given}: it must be {right}.");
    }
}
