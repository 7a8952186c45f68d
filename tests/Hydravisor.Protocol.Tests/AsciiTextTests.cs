namespace Hydravisor.Protocol.Tests;

/// <summary>A text that stands on a line.</summary>
public class AsciiTextTests
{
    [Fact]
    public void It_is_the_same_text_wherever_it_stands()
    {
        var line = "0123456789abcdef-0123456789abcdef"u8.ToArray();
        var (first, second) = (new AsciiText(line.AsMemory(..16)), new AsciiText(line.AsMemory(17..)));
        Assert.Equal(first, second);
        Assert.Equal(first.GetHashCode(), second.GetHashCode());
        Assert.Equal(AsciiText.Of("0123456789abcdef"), first);
        Assert.Equal("0123456789abcdef", second.ToString());
        Assert.NotEqual(first, new AsciiText(line));
        Assert.Equal("", default(AsciiText).ToString());
    }

    [Fact]
    public void What_is_not_ASCII_is_none() => Assert.Throws<ArgumentException>(() => AsciiText.Of("später"));
}
