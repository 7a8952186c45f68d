using System.Text;
using System.Text.Json;

namespace Hydravisor.Protocol;

/// <summary>
/// Finds a key that stands twice in one object, at any level. The few plain keys of an ordinary message are compared as bytes
/// where they stand; an object with many keys or with escaped ones gets a hash set, so that nobody can make us compare a
/// million with a million.
/// </summary>
internal ref struct DuplicateKeys
{
    /// <summary>More keys than this in the open objects together, and new ones go into sets.</summary>
    public const int PlainKeysMax = 48;

    private readonly ReadOnlySpan<byte> _line;
    private readonly Span<Range> _plain;
    private Levels _first;
    private HashSet<string>?[]? _sets;
    private int _count;

    public DuplicateKeys(ReadOnlySpan<byte> line, Span<Range> plain)
    {
        _line = line;
        _plain = plain;
    }

    /// <summary>
    /// An object begins whose braces are inside <paramref name="level"/> others; under <see cref="Limits.JsonDepthMax"/>.
    /// </summary>
    public void Enter(int level) => _first[level] = _count;

    /// <summary>The object of a level ends.</summary>
    public void Leave(int level)
    {
        if (level < Limits.JsonDepthMax)
        {
            _count = _first[level];
            _sets?[level] = null;
        }
    }

    /// <summary>Takes the property name that the reader is at; says so if its object had it before.</summary>
    public string? Add(scoped ref Utf8JsonReader reader)
    {
        var level = reader.CurrentDepth - 1;
        if (level >= Limits.JsonDepthMax)
        {
            return null; // the depth is a fault already
        }

        if (_sets?[level] is null && !reader.ValueIsEscaped && _count < _plain.Length)
        {
            return AddPlain(ref reader, level);
        }

        string key;
        try
        {
            key = reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            return "a key is no valid text (a lone surrogate)";
        }

        return SetOf(level).Add(key) ? null : Twice(key);
    }

    private string? AddPlain(scoped ref Utf8JsonReader reader, int level)
    {
        var name = reader.ValueSpan;
        foreach (var range in _plain[_first[level].._count])
        {
            if (_line[range].SequenceEqual(name))
            {
                return Twice(Encoding.UTF8.GetString(name));
            }
        }

        // The name stands between its quotes, just behind the start of the token.
        var start = (int)reader.TokenStartIndex + 1;
        _plain[_count++] = start..(start + name.Length);
        return null;
    }

    private HashSet<string> SetOf(int level)
    {
        _sets ??= new HashSet<string>?[Limits.JsonDepthMax];
        if (_sets[level] is { } open)
        {
            return open;
        }

        var set = new HashSet<string>(StringComparer.Ordinal);
        foreach (var range in _plain[_first[level].._count])
        {
            set.Add(Encoding.UTF8.GetString(_line[range]));
        }

        return _sets[level] = set;
    }

    private static string Twice(string key) => $"the key {Quote.Of(key)} stands twice in one object; send each key once";

    [System.Runtime.CompilerServices.InlineArray(Limits.JsonDepthMax)]
    private struct Levels
    {
        private int _element;
    }
}
