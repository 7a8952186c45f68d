using System.Text;

namespace Hydravisor.Protocol;

/// <summary>
/// A text of ASCII characters, as the bytes that stand on a line: a text that is looked at once, and in each line another one, is not made a string for that.
/// Immutable as long as the memory of the line is. The unset value is the empty text.
/// </summary>
/// <param name="Bytes">One for each character.</param>
public readonly record struct AsciiText(ReadOnlyMemory<byte> Bytes)
{
    /// <summary>The same text of characters.</summary>
    /// <exception cref="ArgumentException">Not all of them are ASCII.</exception>
    public static AsciiText Of(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Ascii.IsValid(text) ? new AsciiText(Encoding.ASCII.GetBytes(text)) : throw new ArgumentException("The text is not ASCII.", nameof(text));
    }

    /// <summary>Whether both are of the same characters, wherever they stand.</summary>
    public bool Equals(AsciiText other) => Bytes.Span.SequenceEqual(other.Bytes.Span);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.AddBytes(Bytes.Span);
        return hash.ToHashCode();
    }

    /// <summary>The text as a string, made each time.</summary>
    public override string ToString() => Encoding.ASCII.GetString(Bytes.Span);
}
