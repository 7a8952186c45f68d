using CsCheck;

namespace Hydravisor.Protocol.Tests;

public class NamesTests
{
    [Theory]
    [InlineData("vm-23ac1a9d", true)]
    [InlineData("vm-0123456789ab", true)]
    [InlineData("vm-0123456789abcdef0123456789abcdef", true)]
    [InlineData("vm-0123456789abcdef0123456789abcdef0", false)]
    [InlineData("vm-23ac1a9", false)]
    [InlineData("vm-23AC1A9D", false)]
    [InlineData("VM-23ac1a9d", false)]
    [InlineData("vm-23ac1a9g", false)]
    [InlineData("vm-23ac1a9d\n", false)]
    [InlineData("23ac1a9d", false)]
    [InlineData("*", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void An_instance_id_is_vm_and_8_to_32_lowercase_hexadecimal_digits(string? text, bool good)
    {
        Assert.Equal(good, InstanceId.TryParse(text, out var id));
        Assert.Equal(good ? text : null, id?.ToString());
        if (!good && text is not null)
        {
            Assert.Contains(InstanceId.Form, Assert.Throws<FormatException>(() => InstanceId.Parse(text)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_id_of_a_key_is_the_same_for_ever()
    {
        // printf 'agent\nrequest\n0' | sha256sum
        Assert.Equal("vm-9f15e1c81fca", InstanceId.FromKey("agent", "request", 0).Value);
        var ids = new[]
        {
            InstanceId.FromKey("agent", "request", 0), InstanceId.FromKey("agent", "request", 1),
            InstanceId.FromKey("agent", "request\n0", 0), InstanceId.FromKey("agent2", "request", 0),
        };
        Assert.Equal(ids.Length, ids.Distinct().Count());
    }

    [Fact]
    public void The_id_of_six_bytes_is_their_digits()
    {
        Assert.Equal("vm-0001abcdefff", InstanceId.FromBytes([0, 1, 0xAB, 0xCD, 0xEF, 0xFF]).Value);
        Assert.Throws<ArgumentException>(() => InstanceId.FromBytes([1, 2, 3]));
    }

    [Theory]
    [InlineData("4GB", 4L << 30)]
    [InlineData("512MB", 512L << 20)]
    [InlineData("512 mib", 512L << 20)]
    [InlineData("  1  Tb ", 1L << 40)]
    [InlineData("1KiB", 1024L)]
    [InlineData("7b", 7L)]
    [InlineData("0GB", 0L)]
    [InlineData("8388607TB", 8388607L << 40)]
    public void A_size_is_a_whole_number_and_a_binary_unit(string text, long bytes) => Assert.Equal(bytes, ByteSize.Parse(text).Bytes);

    [Theory]
    [InlineData("4096", "\"4096\" is no size: it has no unit; write a whole number and a unit, such as \"512MB\" or \"4GB\"")]
    [InlineData("4XB", "\"4XB\" is no size; write a whole number and a unit")]
    [InlineData("1.5GB", "\"1.5GB\" is no size; write a whole number")]
    [InlineData("4 G", "is no size; write")]
    [InlineData("-4GB", "is no size: write")]
    [InlineData("GB", "is no size: write")]
    [InlineData("", "is no size: write")]
    [InlineData("4iB", "is no size; write")]
    [InlineData("4GGB", "is no size; write")]
    [InlineData("٤GB", "is no size: write")]
    [InlineData("4GB4", "is no size; write")]
    [InlineData("8388608TB", "is more than any size can be")]
    [InlineData("99999999999999999999KB", "is more than any size can be")]
    public void What_is_no_size_is_refused_and_told_what_is_right(string text, string reason)
    {
        Assert.False(ByteSize.TryParse(text, out _, out var error));
        Assert.Contains(reason, error, StringComparison.Ordinal);
        Assert.Equal(error, Assert.Throws<FormatException>(() => ByteSize.Parse(text)).Message);
    }

    [Theory]
    [InlineData(4L << 30, "4GB")]
    [InlineData(1536L << 20, "1536MB")]
    [InlineData(1L << 40, "1TB")]
    [InlineData(1000L, "1000B")]
    [InlineData(0L, "0B")]
    public void A_size_is_written_in_its_largest_whole_unit(long bytes, string text) => Assert.Equal(text, new ByteSize(bytes).ToString());

    [Fact]
    public void Every_size_reads_as_it_was_written() =>
        Gen.Select(Gen.Long[0, 1L << 22], Gen.Int[0, 40]).Sample(pair =>
        {
            var size = new ByteSize(pair.Item1 << pair.Item2);
            return ByteSize.Parse(size.ToString()) == size;
        });

    [Theory]
    [InlineData("llama-sandbox", true)]
    [InlineData("0", true)]
    [InlineData("a-", true)]
    [InlineData("-a", false)]
    [InlineData("Llama", false)]
    [InlineData("a_b", false)]
    [InlineData("a b", false)]
    [InlineData("ä", false)]
    [InlineData("a\n", false)]
    [InlineData("", false)]
    public void A_name_is_of_small_letters_digits_and_hyphens(string name, bool good)
    {
        var fault = VmName.Check(name);
        Assert.Equal(good, fault is null);
        Assert.True(good || fault!.Contains("a name is 1 to 40 of a-z, 0-9 and -", StringComparison.Ordinal), fault);
    }

    [Fact]
    public void A_name_has_at_most_40_characters()
    {
        Assert.Null(VmName.Check(new string('a', 40)));
        Assert.Contains("has 41 characters", VmName.Check(new string('a', 41)), StringComparison.Ordinal);
    }

    [Fact]
    public void Labels_are_checked_for_number_key_and_value()
    {
        Assert.Null(Label.Check(new Dictionary<string, string> { ["team"] = "", ["example.org/Role_1"] = "räuber & co" }));
        Assert.Contains("65 labels", Label.Check(Enumerable.Range(0, 65).ToDictionary(i => $"k{i}", i => "v")), StringComparison.Ordinal);
        Assert.Contains("label key \"-a\"", Label.Check(new Dictionary<string, string> { ["-a"] = "x" }), StringComparison.Ordinal);
        Assert.NotNull(Label.CheckKey(""));
        Assert.NotNull(Label.CheckKey(new string('k', 64)));
        Assert.NotNull(Label.CheckKey("a b"));
        Assert.Null(Label.CheckValue("k", new string('v', 256)));
        Assert.NotNull(Label.CheckValue("k", new string('v', 257)));
        Assert.Contains("the value of label \"k\"", Label.CheckValue("k", "a\nb"), StringComparison.Ordinal);
    }

    [Fact]
    public void Phases_and_roles_have_their_names_and_numbers()
    {
        // Numbers are stored and names are on the wire: they may grow, never change.
        Assert.Equal(
            "provisioning=0 booting=1 running=2 suspended=3 stopping=4 stopped=5 deleting=6 deleted=7 failed=8 unreachable=9",
            string.Join(' ', Enum.GetValues<VmPhase>().Select(phase => $"{phase.ToWireName()}={(int)phase}")));
        Assert.All(Enum.GetValues<VmPhase>(), phase => Assert.True(VmPhaseNames.TryParse(phase.ToWireName(), out var same) && same == phase));
        Assert.False(VmPhaseNames.TryParse("Running", out _));
        Assert.All(Enum.GetValues<TerminalRole>(), role => Assert.True(TerminalRoleNames.TryParse(role.ToWireName(), out var same) && same == role));
        Assert.Equal(("read-write", "read-only"), (TerminalRole.Operator.ToMode(), TerminalRole.Auditor.ToMode()));
        Assert.False(TerminalRoleNames.TryParse("root", out _));
        Assert.Equal(
            [400, 401, 403, 404, 405, 408, 409, 413, 422, 429, 500, 503, 507], Enum.GetValues<ErrorCode>().Select(code => (int)code));
    }

    [Fact]
    public void Text_of_others_is_quoted_short_and_without_control_characters()
    {
        Assert.Contains("\"a\uFFFD[31m\"", VmName.Check("a\u001b[31m"), StringComparison.Ordinal);
        Assert.InRange(VmName.Check(new string('x', 100_000))!.Length, 1, 250);
    }
}
