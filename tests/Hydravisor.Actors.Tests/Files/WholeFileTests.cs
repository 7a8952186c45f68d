using Hydravisor.Actors.Files;

namespace Hydravisor.Actors.Tests.Files;

public sealed class WholeFileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Place => Path.Combine(_directory.Path, "file");

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(WholeFile.Private)]
    [InlineData(WholeFile.Public)]
    public void It_is_there_when_it_is_complete_and_as_private_as_it_was_wanted(UnixFileMode mode)
    {
        using (var file = new WholeFile(Place, mode))
        {
            file.Stream.Write("one"u8);
            Assert.False(File.Exists(Place));
            Assert.Equal(mode, File.GetUnixFileMode(WholeFile.Half(Place)));
            file.Complete();
            Assert.Equal("one", File.ReadAllText(Place));
        }

        Assert.Equal([Place], Directory.GetFiles(_directory.Path));
        Assert.Equal(mode, File.GetUnixFileMode(Place));
    }

    [Fact]
    public void One_that_is_not_completed_leaves_what_was_there()
    {
        File.WriteAllText(Place, "before");
        using (var file = new WholeFile(Place))
        {
            file.Stream.Write("after"u8);
        }

        Assert.Equal([Place], Directory.GetFiles(_directory.Path));
        Assert.Equal("before", File.ReadAllText(Place));
    }

    [Fact]
    public void One_that_may_not_overwrite_is_refused_at_the_end_and_gone()
    {
        using (var file = new WholeFile(Place))
        {
            // Made by somebody else meanwhile.
            File.WriteAllText(Place, "before");
            file.Stream.Write("after"u8);
            Assert.Throws<IOException>(() => file.Complete(overwrite: false));
        }

        Assert.Equal([Place], Directory.GetFiles(_directory.Path));
        Assert.Equal("before", File.ReadAllText(Place));
    }

    [Fact]
    public void What_a_killed_writer_left_lends_neither_its_content_nor_its_mode()
    {
        File.WriteAllText(WholeFile.Half(Place), "much of what was never completed");
        File.SetUnixFileMode(WholeFile.Half(Place), WholeFile.Public | UnixFileMode.OtherWrite);
        WholeFile.Write(Place, "key"u8);
        Assert.Equal([Place], Directory.GetFiles(_directory.Path));
        Assert.Equal(("key", WholeFile.Private), (File.ReadAllText(Place), File.GetUnixFileMode(Place)));
    }

    [Fact]
    public void One_in_a_directory_that_is_not_there_is_an_error() =>
        Assert.Throws<DirectoryNotFoundException>(() => WholeFile.Write(Path.Combine(_directory.Path, "none", "file"), "x"u8));

    [Fact]
    public void Devices_and_directories_are_no_plain_files()
    {
        File.WriteAllText(Place, "");
        var (link, lost) = (Path.Combine(_directory.Path, "link"), Path.Combine(_directory.Path, "lost"));
        File.CreateSymbolicLink(link, Place);
        File.CreateSymbolicLink(lost, "/nowhere/at/all");
        Assert.True(NativeFile.IsPlain(Place));
        Assert.True(NativeFile.IsPlain(link));
        Assert.False(NativeFile.IsPlain("/dev/null"));
        Assert.False(NativeFile.IsPlain(_directory.Path));
        Assert.Throws<IOException>(() => NativeFile.IsPlain(lost));
    }
}
