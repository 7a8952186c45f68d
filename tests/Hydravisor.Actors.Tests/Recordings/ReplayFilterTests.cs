using System.Text.RegularExpressions;
using CsCheck;
using Hydravisor.Actors.Recordings;

namespace Hydravisor.Actors.Tests.Recordings;

public sealed partial class ReplayFilterTests
{
    private static readonly string[] Pieces =
    [
        "\u001b", "\u001b[", "\u001b]", "\u001bP", "\u001b_", "\u001b\\", "\u009b", "\u009d", "\u0090", "\u009c", "\u0007", "\u0005", "\u0018", "?", ">", "!", "$", " ", ";", "c",
        "n", "5", "6", "52", "1049", "1000", "2004", "h", "l", "m", "t", "q", "x", "i", "p", "y", "Z", "R", "P", "T", "\r\n", "ü", "🙂", "\u001b[6n", "\u001b]52;c;Zm9v\u0007",
    ];

    // Made of what sequences are made of, so that many are whole.
    private static readonly Gen<string> Hostile = Gen.OneOf(
        Gen.Int[0, Pieces.Length - 1].Select(at => Pieces[at]),
        Gen.Char.Select(each => each.ToString())).Array[0, 40].Select(string.Concat);

    [Theory]
    [InlineData("\u001b[c")]
    [InlineData("\u001b[>c")]
    [InlineData("\u001b[=c")]
    [InlineData("\u001b[6n")]
    [InlineData("\u001b[?6n")]
    [InlineData("\u001b[x")]
    [InlineData("\u001b[21t")]
    [InlineData("\u001b[>q")]
    [InlineData("\u001b[?1$p")]
    [InlineData("\u001b[1;1;1;1;1;1*y")]
    [InlineData("\u001b[5i")]
    [InlineData("\u001b[?1000h")]
    [InlineData("\u001b[?1004h")]
    [InlineData("\u001b[?25;1004h")]
    [InlineData("\u001b[?2004h")]
    [InlineData("\u001b[2h")]
    [InlineData("\u001b[>4;1m")]
    [InlineData("\u001b[1;2;3;4;5T")]
    [InlineData("\u001bZ")]
    [InlineData("\u001bc")]
    [InlineData("\u001b=")]
    [InlineData("\u0005")]
    [InlineData("\u001b]52;c;Zm9v\u0007")]
    [InlineData("\u001b]52;c;Zm9v\u001b\\")]
    [InlineData("\u001b]0;title\u0007")]
    [InlineData("\u001b]10;?\u0007")]
    [InlineData("\u001bP$qm\u001b\\")]
    [InlineData("\u001bP+q544e\u001b\\")]
    [InlineData("\u001b_command\u001b\\")]
    [InlineData("\u001b^private\u001b\\")]
    [InlineData("\u001bXstring\u001b\\")]
    [InlineData("\u009b6n")]
    [InlineData("\u009d52;c;Zm9v\u009c")]
    [InlineData("\u0090$qm\u009c")]
    [InlineData("\u001b]R")]
    [InlineData("\u001b]P1aabbcc")]
    public void What_makes_a_terminal_answer_or_act_is_left_out(string sequence) =>
        Assert.Equal("beforeafter", new ReplayFilter().Filter($"before{sequence}after"));

    [Theory]
    [InlineData("\u001b[1;31mred\u001b[0m")]
    [InlineData("\u001b[38:2:1:2:3m")]
    [InlineData("\u001b[2J\u001b[H\u001b[10;20Hx\u001b[K")]
    [InlineData("\u001b[?1049h\u001b[?25l\u001b[?25h\u001b[?1049l")]
    [InlineData("\u001b7\u001b8\u001bM\u001b(B\u001b(0qqq\u001b(B")]
    [InlineData("\u001b[2 q\u001b[!p\u001b[3T\u001b[r")]
    [InlineData("Grüße 🙂\r\n\tbell\u0007\b")]
    public void What_draws_is_shown_as_it_is(string text) => Assert.Equal(text, new ReplayFilter().Filter(text));

    [Fact]
    public void Whatever_comes_only_sequences_that_draw_go_out() =>
        Hostile.Sample(text => Harmless().IsMatch(new ReplayFilter().Filter(text)), print: Regex.Escape);

    [Fact]
    public void What_is_shown_does_not_depend_on_where_events_end() =>
        Gen.Select(Hostile, Gen.Int[0, 60]).Sample((text, at) =>
        {
            var filter = new ReplayFilter();
            at = Math.Min(at, text.Length);
            return filter.Filter(text[..at]) + filter.Filter(text[at..]) == new ReplayFilter().Filter(text);
        });

    [Fact]
    public void What_was_filtered_is_not_changed_by_filtering_it_again() =>
        Hostile.Sample(text => new ReplayFilter().Filter(text) is var once && new ReplayFilter().Filter(once) == once, print: Regex.Escape);

    [Fact]
    public void Text_without_controls_passes() =>
        Gen.String.Sample(text => new string([.. text.Where(each => !char.IsControl(each))]) is var plain && new ReplayFilter().Filter(plain) == plain);

    // Written apart from the filter: text; harmless escapes; control sequences of numbers; some private modes.
    [GeneratedRegex(
        "^(?:[^\\u0000-\\u001f\\u007f-\\u009f]|[\\u0007-\\u000f]"
        + "|\\u001b[78DEHMNO]|\\u001b[()*+][AB012]|\\u001b#[34568]"
        + "|\\u001b\\[[0-9;:]*[@ABCDEFGHIJKLMPSTXZ`abdefgmrsu]|\\u001b\\[4[hl]|\\u001b\\[!p|\\u001b\\[[0-9;:]* q"
        + "|\\u001b\\[\\?[0-9;:]*[JK]|\\u001b\\[\\?(?:5|6|7|12|25|47|1047|1048|1049)(?:;(?:5|6|7|12|25|47|1047|1048|1049))*[hl])*\\z",
        RegexOptions.CultureInvariant)]
    private static partial Regex Harmless();
}
