using Hydravisor.Actors.Files;
using Hydravisor.Host.Verbs;

namespace Hydravisor.Host.Tests;

/// <summary>Where a verb writes what it was asked for.</summary>
public sealed class OutputFileTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("hv-").FullName;
    private readonly StringWriter _standard = new();

    private string Place => Path.Combine(_directory, "out");

    public void Dispose()
    {
        _standard.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_new_file_is_there_when_it_is_complete_and_for_its_owner_only(bool overwrite)
    {
        using (var file = new OutputFile(_standard, Place, overwrite))
        {
            file.Writer.Write("é\n");
            Assert.False(File.Exists(Place));
            file.Complete();
        }

        Assert.Equal("é\n"u8.ToArray(), File.ReadAllBytes(Place));
        Assert.Equal(WholeFile.Private, File.GetUnixFileMode(Place));
        Assert.Equal([Place], Directory.GetFiles(_directory));
    }

    [Fact]
    public void One_that_is_not_complete_leaves_the_former_one()
    {
        File.WriteAllText(Place, "former");
        using (var file = new OutputFile(_standard, Place, overwrite: true))
        {
            file.Writer.Write("half");
            file.Writer.Flush();
        }

        Assert.Equal("former", File.ReadAllText(Place));
        Assert.Equal([Place], Directory.GetFiles(_directory));
    }

    [Fact]
    public void Nothing_is_made_where_nothing_is_written()
    {
        using (new OutputFile(_standard, Place, overwrite: true))
        {
        }

        Assert.Empty(Directory.GetFiles(_directory));
    }

    [Fact]
    public void A_link_stays_one_and_what_it_leads_to_is_replaced()
    {
        var link = Path.Combine(_directory, "link");
        File.WriteAllText(Place, "former");
        File.CreateSymbolicLink(link, Place);
        using (var file = new OutputFile(_standard, link, overwrite: true))
        {
            file.Writer.Write("new");
            file.Complete();
        }

        Assert.Equal("new", File.ReadAllText(Place));
        Assert.Equal(Place, new FileInfo(link).LinkTarget);
    }

    [Fact]
    public void A_device_gets_it_and_stays_one()
    {
        using (var file = new OutputFile(_standard, "/dev/null", overwrite: false))
        {
            file.Writer.Write("new");
            file.Complete();
        }

        Assert.False(NativeFile.IsPlain("/dev/null"));
        Assert.False(File.Exists(WholeFile.Half("/dev/null")));
    }

    [Fact]
    public void A_line_means_standard_output()
    {
        using var file = new OutputFile(_standard, "-", overwrite: false);
        file.Writer.Write("shown");
        file.Complete();
        Assert.Equal("shown", _standard.ToString());
    }

    [Fact]
    public void What_cannot_be_written_is_said_before_anything_is_asked_for()
    {
        File.WriteAllText(Place, "mine");
        using var there = new OutputFile(_standard, Place, overwrite: false);
        Assert.Contains("is there already", Assert.Throws<IOException>(() => there.Writer).Message, StringComparison.Ordinal);
        using var directory = new OutputFile(_standard, _directory, overwrite: true);
        Assert.Contains("is a directory", Assert.Throws<IOException>(() => directory.Writer).Message, StringComparison.Ordinal);
        Assert.Equal("mine", File.ReadAllText(Place));
    }
}
