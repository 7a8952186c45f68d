using Akka.Configuration;
using Akka.Configuration.Hocon;

namespace Hydravisor.Actors.Setup;

/// <summary>Reads a file of settings, and refuses what Akka's HOCON parser would take silently (half a file, a misspelt key) or never finish.</summary>
internal static class OwnSettings
{
    /// <summary>The group of a node's labels.</summary>
    public const string NodeLabels = "hydravisor.node.labels";

    private const string Root = "hydravisor";

    // What stands in these bears names that a person chose; who reads them looks at what is in them.
    private static readonly string[] FreeGroups = ["hydravisor.images.catalogue", NodeLabels, .. PolicyReader.FreeGroups];

    // The parser loops for ever over some arrays ("[=]", "[:]", "[vm/*]").
    private static readonly TimeSpan ParseLimit = TimeSpan.FromSeconds(5);

    /// <summary>Parses a file. Blocks.</summary>
    /// <exception cref="SettingException">It cannot be read, or is no HOCON.</exception>
    public static Config Parse(string file)
    {
        try
        {
            var text = File.ReadAllText(file);
            return HoconBrackets.Problem(text) is { } problem ? throw new SettingException($"{file} cannot be read: {problem}") : Parse(file, text);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SettingException($"{file} cannot be read: {e.Message}");
        }
    }

    /// <summary>Refuses settings that do not exist. What is below <c>akka</c> is Akka's, and what bears names of a person's choice has its own check.</summary>
    /// <param name="own">The operator's settings.</param>
    /// <param name="file">Where they stand, for messages.</param>
    /// <param name="reference">All there are.</param>
    /// <exception cref="SettingException">One does not exist, or is a group where it should be a value, or the other way round.</exception>
    public static void Check(Config own, string file, Config reference)
    {
        foreach (var (key, value) in Items(own.Root))
        {
            if (key == Root)
            {
                Check(value, reference.Root.GetObject().GetKey(Root), key, file);
            }
            else if (key != "akka")
            {
                throw new SettingException($"{file}: there is no setting {key}; they all begin with \"hydravisor.\" (or \"akka.\", for what Akka.NET has)");
            }
        }
    }

    private static void Check(HoconValue own, HoconValue known, string path, string file)
    {
        if (FreeGroups.Contains(path))
        {
            return;
        }

        if (own.IsObject() != known.IsObject())
        {
            throw new SettingException(known.IsObject()
                ? $"{file}: {path} is a group of settings, not one: {Names(known)}"
                : $"{file}: {path} is one setting, not a group");
        }

        foreach (var (key, value) in Items(own))
        {
            if (!known.GetObject().Items.TryGetValue(key, out var counterpart))
            {
                throw new SettingException($"{file}: there is no setting {path}.{key}; below {path} there are {Names(known)}");
            }

            Check(value, counterpart, $"{path}.{key}", file);
        }
    }

    private static Dictionary<string, HoconValue> Items(HoconValue value) => value.IsObject() ? value.GetObject().Items : new();

    private static string Names(HoconValue group) => string.Join(", ", group.GetObject().Items.Keys.Order(StringComparer.Ordinal));

    private static Config Parse(string file, string text)
    {
        var (parsed, problem) = (Config.Empty, (Exception?)null);
        var parser = new Thread(() =>
        {
            try
            {
                parsed = ConfigurationFactory.ParseString(text);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                problem = e;
            }
        })
        { IsBackground = true, Name = "hocon" };
        parser.Start();
        var ended = parser.Join(ParseLimit);
        return ended && problem is null ? parsed : throw new SettingException($"{file} cannot be read: {Reason(ended ? problem : null)}");
    }

    // Other exceptions than these are the parser's own mishaps and say nothing of the text.
    private static string Reason(Exception? problem) =>
        problem is FormatException or ConfigurationException ? problem.Message : "it is not valid HOCON (such as an empty element of an array, a '=' without a key, or vm/* without quotes)";
}
