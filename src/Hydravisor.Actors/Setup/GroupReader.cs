using System.Globalization;
using Akka.Configuration.Hocon;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Setup;

/// <summary>Reads a group of settings whose keys a person chose, so that no reference has them: what it does not know it refuses.</summary>
/// <remarks>Akka's own readers answer something to every question of every kind; this one looks at what really stands there.</remarks>
internal sealed class GroupReader
{
    /// <summary>How to say that there is no limit, or no role.</summary>
    public const string Nothing = "none";

    private readonly IReadOnlyDictionary<string, HoconValue> _items;

    private GroupReader(string path, IReadOnlyDictionary<string, HoconValue> items)
    {
        Path = path;
        _items = items;
    }

    /// <summary>Its place.</summary>
    public string Path { get; }

    /// <summary>Its keys, in the order of their names.</summary>
    public IEnumerable<string> Keys => _items.Keys.Order(StringComparer.Ordinal);

    /// <summary>A group whose keys are free.</summary>
    /// <exception cref="SettingException">It is none.</exception>
    public static GroupReader Of(HoconValue? value, string path) =>
        value is null ? new(path, new Dictionary<string, HoconValue>())
        : value.IsObject() ? new(path, value.GetObject().Items)
        : throw new SettingException($"{path} is a group of settings, not one: write {path} {{ … }}");

    /// <summary>A group in it.</summary>
    /// <param name="key">Its key; one that is not there is an empty group.</param>
    /// <param name="known">The keys that it may have; none: they are free.</param>
    /// <exception cref="SettingException">It is no group, or has another key.</exception>
    public GroupReader In(string key, params string[] known)
    {
        var group = Of(_items.GetValueOrDefault(key), $"{Path}.{key}");
        return known.Length == 0 || group._items.Keys.FirstOrDefault(each => !known.Contains(each)) is not { } other
            ? group
            : throw new SettingException($"there is no setting {group.Path}.{other}; below {group.Path} there are {string.Join(", ", known)}");
    }

    /// <summary>Whether something stands there.</summary>
    public bool Has(string key) => _items.ContainsKey(key);

    /// <summary>A word; null where nothing stands there.</summary>
    /// <exception cref="SettingException">A list or a group stands there.</exception>
    public string? Word(string key) =>
        !_items.TryGetValue(key, out var value) ? null
        : !value.IsObject() && !IsList(value) ? value.GetString() ?? ""
        : throw new SettingException($"{Path}.{key} is one word, not a list or a group");

    /// <summary>A list of words, each made something else; empty where nothing stands there.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="example">What would be right, for messages.</param>
    /// <param name="read">Makes the thing of a word, or says what is wrong with it.</param>
    /// <exception cref="SettingException">It is no list, or has a word that is not usable.</exception>
    public IReadOnlyList<T> List<T>(string key, string example, Func<string, (T? Value, string? Problem)> read)
    {
        if (!_items.TryGetValue(key, out var list))
        {
            return [];
        }

        if (!IsList(list))
        {
            throw new SettingException($"{Path}.{key} is a list: write {Path}.{key} = {example}");
        }

        return [.. list.GetArray().Select((element, at) => Read($"{Path}.{key}[{at.ToString(CultureInfo.InvariantCulture)}]", element, read))];
    }

    /// <summary>As <see cref="List{T}"/>; one word alone stands for the list of it.</summary>
    /// <exception cref="SettingException">It has a word that is not usable.</exception>
    public IReadOnlyList<T> ListOrWord<T>(string key, string example, Func<string, (T? Value, string? Problem)> read) =>
        _items.TryGetValue(key, out var value) && !value.IsObject() && !IsList(value) ? [Read($"{Path}.{key}", value, read)] : List(key, example, read);

    /// <summary>On or off; off where nothing stands there.</summary>
    /// <exception cref="SettingException">It is neither.</exception>
    public bool Switch(string key) => Word(key) switch
    {
        null or "off" or "false" or "no" => false,
        "on" or "true" or "yes" => true,
        var other => throw Wrong(key, other, "on or off"),
    };

    /// <summary>A whole number, 0 or more; null for none.</summary>
    /// <exception cref="SettingException">It is another thing.</exception>
    public int? Number(string key) => Word(key) switch
    {
        null or Nothing => null,
        var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) => number,
        var other => throw Wrong(key, other, $"a whole number of 0 or more, or {Nothing}"),
    };

    /// <summary>A size; null for none.</summary>
    /// <exception cref="SettingException">It is another thing.</exception>
    public long? Size(string key) => Word(key) switch
    {
        null or Nothing => null,
        var text when ByteSize.TryParse(text, out var size, out _) => size.Bytes,
        var other => throw Wrong(key, other, $"a size such as \"4GB\", or {Nothing}"),
    };

    private static T Read<T>(string place, HoconValue element, Func<string, (T? Value, string? Problem)> read)
    {
        if (element.IsObject() || IsList(element))
        {
            throw new SettingException($"{place} is one word, not a list or a group");
        }

        var (value, problem) = read(element.GetString() ?? "");
        return problem is null && value is not null ? value : throw new SettingException($"{place} = {problem}");
    }

    private static bool IsList(HoconValue value) =>
        value.Values.Any(element => element is HoconSubstitution { ResolvedValue: { } resolved } ? IsList(resolved) : element is HoconArray);

    private SettingException Wrong(string key, string text, string right) => new($"{Path}.{key} = \"{text}\" is not usable: it must be {right}.");
}
