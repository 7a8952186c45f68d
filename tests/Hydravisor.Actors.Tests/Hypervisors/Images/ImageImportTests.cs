using System.Net;
using CsCheck;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Images;

namespace Hydravisor.Actors.Tests.Hypervisors.Images;

public sealed class ImageImportTests : IDisposable
{
    private static readonly string[] Patterns = ["(", "[", "a ", "", "(a)\\1", "\n"];

    private readonly ImagesDirectory _images = new();

    public void Dispose() => _images.Dispose();

    [Fact]
    public async Task A_disk_with_the_right_digest_is_taken_in_read_only_under_its_digest()
    {
        var disk = _images.Disk("disk.qcow2", "-f", "qcow2");
        var reports = new List<ImageImportProgress>();

        var entry = await _images.Import().ImportAsync(ImagesDirectory.Request(disk), new Recorder(reports), CancellationToken.None);

        Assert.Equal(Path.Combine(_images.Path, "ubuntu-22.04", $"disk-{ImagesDirectory.Sha256(disk)[..12]}.qcow2"), entry.DiskPath);
        Assert.Equal(ImagesDirectory.Sha256(disk), ImagesDirectory.Sha256(entry.DiskPath!));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead, File.GetUnixFileMode(entry.DiskPath!));
        Assert.Equal(new ImageImportProgress(new FileInfo(disk).Length, new FileInfo(disk).Length), reports[^1]);
        Assert.Equal((new ReadySignal(null, Agent: true), true), (entry.Ready, entry.CloudInit));
        Assert.Equal([entry], ImportedImages.Read(_images.Path).Select(read => read with { Recipe = entry.Recipe }));
    }

    [Fact]
    public async Task What_was_said_of_the_image_stands_in_the_catalogue()
    {
        var disk = _images.Disk("disk.qcow2", "-f", "qcow2");
        var request = ImagesDirectory.Request(disk) with
        {
            Sha256 = ImagesDirectory.Sha256(disk).ToUpperInvariant(),
            ReadyConsole = "^up \\d+\\s",
            CloudInit = false,
            MinRam = new(1L << 30),
        };

        await _images.Import().ImportAsync(request, null, CancellationToken.None);

        Assert.True(ImageCatalogue.Load(ImagesDirectory.Config(), _images.Path).TryGet("ubuntu-22.04", out var read));
        Assert.Equal(new ReadySignal("^up \\d+\\s", Agent: false), read.Ready);
        Assert.Equal((false, false, 1L << 30, true), (read.Agent, read.CloudInit, read.MinRam.Bytes, read.IsBuilt));
    }

    [Fact]
    public async Task A_raw_disk_with_a_boot_sector_is_taken_in_as_raw()
    {
        var disk = _images.Other("disk.img");
        var bytes = new byte[1 << 20];
        (bytes[510], bytes[511]) = (0x55, 0xAA);
        File.WriteAllBytes(disk, bytes);

        var entry = await _images.Import().ImportAsync(ImagesDirectory.Request(disk), null, CancellationToken.None);

        Assert.Equal(("raw", ".raw"), (entry.DiskFormat, Path.GetExtension(entry.DiskPath)));
    }

    [Fact]
    public async Task A_wrong_digest_is_refused_with_both_digests()
    {
        var disk = _images.Disk("disk.qcow2", "-f", "qcow2");
        var other = new string('0', 64);

        var message = await RefusedAsync(ImagesDirectory.Request(disk) with { Sha256 = other });

        Assert.Contains(other, message, StringComparison.Ordinal);
        Assert.Contains(ImagesDirectory.Sha256(disk), message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_disk_with_a_backing_file_is_refused()
    {
        var whole = _images.Disk("base.qcow2", "-f", "qcow2");
        var overlay = _images.Other("overlay.qcow2");
        ImagesDirectory.QemuImg("create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", whole, overlay);

        Assert.Contains("backing file", await RefusedAsync(ImagesDirectory.Request(overlay)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_disk_with_its_data_in_another_file_is_refused()
    {
        var disk = _images.Disk("disk.qcow2", "-f", "qcow2", "-o", $"data_file={_images.Other("data")}");

        Assert.Contains("in another file", await RefusedAsync(ImagesDirectory.Request(disk)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_encrypted_disk_is_refused()
    {
        // The header says so: making one with a key measures the processor, which fails on a busy machine.
        const int CryptMethod = 32;
        var disk = _images.Disk("disk.qcow2", "-f", "qcow2");
        using (var file = File.OpenWrite(disk))
        {
            file.Position = CryptMethod;
            file.Write([0, 0, 0, 1]);
        }

        Assert.Contains("encrypted", await RefusedAsync(ImagesDirectory.Request(disk)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("vmdk")]
    [InlineData("vdi")]
    [InlineData("vhdx")]
    [InlineData("raw")]
    public async Task A_file_that_is_no_disk_that_can_boot_is_refused(string format)
    {
        var disk = _images.Disk("disk", "-f", format);

        Assert.Contains("neither qcow2 nor a raw disk", await RefusedAsync(ImagesDirectory.Request(disk)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_disk_of_size_zero_is_refused()
    {
        var disk = _images.Other("disk.qcow2");
        ImagesDirectory.QemuImg("create", "-q", "-f", "qcow2", disk, "0");

        Assert.Contains("a size of 0 bytes", await RefusedAsync(ImagesDirectory.Request(disk)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../evil")]
    [InlineData("Ubuntu")]
    [InlineData("")]
    [InlineData("a b")]
    public async Task A_name_that_is_no_name_is_refused(string name)
    {
        var disk = _images.Disk("disk.qcow2", "-f", "qcow2");

        Assert.Contains("cannot be the name", await RefusedAsync(ImagesDirectory.Request(disk) with { Name = name }), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_of_the_configuration_is_refused_even_to_replace()
    {
        var disk = _images.Disk("disk.qcow2", "-f", "qcow2");

        Assert.Contains(
            "stands in the configuration",
            await RefusedAsync(ImagesDirectory.Request(disk) with { Name = "tiny", Replace = true }),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_was_imported_is_replaced_only_when_told_and_the_former_disk_stays()
    {
        var first = await _images.Import().ImportAsync(ImagesDirectory.Request(_images.Disk("1.qcow2", "-f", "qcow2")), null, CancellationToken.None);
        var other = ImagesDirectory.Request(_images.Disk("2.qcow2", "-f", "qcow2", "-o", "cluster_size=4096"));

        Assert.Contains("--replace", await RefusedAsync(other), StringComparison.Ordinal);
        var second = await _images.Import().ImportAsync(other with { Replace = true }, null, CancellationToken.None);

        Assert.NotEqual(first.DiskPath, second.DiskPath);
        Assert.Equal(first.Sha256, ImagesDirectory.Sha256(first.DiskPath!));
        Assert.Equal(second.DiskPath, Assert.Single(ImportedImages.Read(_images.Path)).DiskPath);
        var catalogue = ImageCatalogue.Load(ImagesDirectory.Config(), _images.Path);
        Assert.True(catalogue.TryGetFor(new ImageRef("ubuntu-22.04", first.Sha256, first.Ready), out var former));
        Assert.Equal(first.DiskPath, former.DiskPath);
    }

    [Fact]
    public async Task A_disk_comes_from_a_server_too()
    {
        var disk = _images.Disk("disk.qcow2", "-f", "qcow2");
        using var http = new HttpClient(new Server(_ => new HttpResponseMessage { Content = new ByteArrayContent(File.ReadAllBytes(disk)) }));

        var entry = await _images.Import(http).ImportAsync(
            ImagesDirectory.Request(disk) with { From = "https://images.example/disk.qcow2" }, null, CancellationToken.None);

        Assert.Equal(ImagesDirectory.Sha256(disk), ImagesDirectory.Sha256(entry.DiskPath!));
    }

    [Fact]
    public async Task A_server_that_has_no_such_file_is_named_with_its_answer()
    {
        using var http = new HttpClient(new Server(_ => new HttpResponseMessage(HttpStatusCode.NotFound)));
        var request = new ImageImportRequest { Name = "a", From = "https://images.example/x", Sha256 = new string('0', 64) };

        var message = await RefusedAsync(request, http);

        Assert.Contains("https://images.example/x cannot be fetched: the server answered 404", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_that_is_lost_on_the_way_leaves_nothing()
    {
        using var http = new HttpClient(new Server(_ => new HttpResponseMessage { Content = new StreamContent(new Torn()) }));
        var request = new ImageImportRequest { Name = "a", From = "http://images.example/x", Sha256 = new string('0', 64) };

        Assert.Contains("could not be read to its end", await RefusedAsync(request, http), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/nowhere/disk.qcow2")]
    [InlineData("ftp://images.example/disk.qcow2")]
    [InlineData("")]
    public async Task A_source_that_cannot_be_read_is_named(string from)
    {
        var request = new ImageImportRequest { Name = "a", From = from, Sha256 = new string('0', 64) };

        Assert.StartsWith(from, await RefusedAsync(request), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Giving_up_in_the_middle_leaves_nothing()
    {
        using var stop = new CancellationTokenSource();
        var disk = _images.Disk("disk.qcow2", "-f", "qcow2");
        var before = _images.Everything();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => _images.Import().ImportAsync(ImagesDirectory.Request(disk), new Stopper(stop), stop.Token));

        Assert.Equal(before, _images.Everything());
    }

    [Fact]
    public async Task A_list_that_cannot_be_written_takes_the_disk_back()
    {
        Directory.CreateDirectory(ImportedImages.FileIn(_images.Path));
        var disk = _images.Disk("disk.qcow2", "-f", "qcow2");

        Assert.Contains("cannot be written", await RefusedAsync(ImagesDirectory.Request(disk)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_import_at_the_same_time_is_refused()
    {
        var disk = _images.Disk("disk.qcow2", "-f", "qcow2");
        Exception? second = null;
        var request = ImagesDirectory.Request(disk);
        var inside = new Callback(() => second ??= Record(() => _images.Import().ImportAsync(request, null, CancellationToken.None)));

        await _images.Import().ImportAsync(request, inside, CancellationToken.None);

        Assert.Contains("under way", Assert.IsType<ImageImportException>(second).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whatever_is_wrong_nothing_is_left_behind()
    {
        var disk = _images.Disk("disk.qcow2", "-f", "qcow2");
        var good = File.ReadAllBytes(disk);
        await _images.Import().ImportAsync(ImagesDirectory.Request(disk), null, CancellationToken.None);
        var before = _images.Everything();
        var request = ImagesDirectory.Request(disk) with { Name = "b" };

        // A file that is cut, or whose header has one byte changed, with the digest that it has then; or a word of the request that is wrong.
        var fault = Gen.OneOf(
            Gen.Int[0, 103].Select(length => Broken(good[..length], _ => { })),
            Gen.Select(Gen.Int[0, 3], Gen.Byte).Where(pair => good[pair.Item1] != pair.Item2)
                .Select(pair => Broken(good, bytes => bytes[pair.Item1] = pair.Item2)),
            Gen.Select(Gen.Int[8, 15], Gen.Byte[1, 255]).Select(pair => Broken(good, bytes => bytes[pair.Item1] = pair.Item2)),
            Gen.Select(Gen.Int[0, 63], Gen.Char["g-z /"])
                .Select(pair => request with { Sha256 = Changed(request.Sha256, pair.Item1, pair.Item2) }),
            Gen.Char["ABZ_/ é"].Select(letter => request with { Name = "a" + letter }),
            Gen.Int[0, Patterns.Length - 1].Select(at => request with { ReadyConsole = Patterns[at] }),
            Gen.Const(ImagesDirectory.Request(disk)),
            Gen.Const(request with { Name = "tiny" }));
        await fault.SampleAsync(
            async wrong =>
            {
                await Assert.ThrowsAsync<ImageImportException>(() => _images.Import().ImportAsync(wrong, null, CancellationToken.None));
                Assert.Equal(before, _images.Everything());
            },
            iter: 100,
            threads: 1);
    }

    private ImageImportRequest Broken(byte[] good, Action<byte[]> breakIt)
    {
        var bytes = good.ToArray();
        breakIt(bytes);
        var file = _images.Other("broken.qcow2");
        File.WriteAllBytes(file, bytes);
        return ImagesDirectory.Request(file) with { Name = "b" };
    }

    private static string Changed(string text, int at, char letter) => $"{text[..at]}{letter}{text[(at + 1)..]}";

    private static Exception? Record(Func<Task> act) => Xunit.Record.ExceptionAsync(act).GetAwaiter().GetResult();

    private async Task<string> RefusedAsync(ImageImportRequest request, HttpClient? http = null)
    {
        var before = _images.Everything();
        var error = await Assert.ThrowsAsync<ImageImportException>(() => _images.Import(http).ImportAsync(request, null, CancellationToken.None));
        Assert.Equal(before, _images.Everything());
        return error.Message;
    }

    private sealed class Recorder(List<ImageImportProgress> reports) : IProgress<ImageImportProgress>
    {
        public void Report(ImageImportProgress value) => reports.Add(value);
    }

    private sealed class Stopper(CancellationTokenSource stop) : IProgress<ImageImportProgress>
    {
        public void Report(ImageImportProgress value) => stop.Cancel();
    }

    private sealed class Callback(Action act) : IProgress<ImageImportProgress>
    {
        public void Report(ImageImportProgress value) => act();
    }

    private sealed class Server(Func<HttpRequestMessage, HttpResponseMessage> answer) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(answer(request));
    }

    /// <summary>Some bytes, then an end that is none.</summary>
    private sealed class Torn : MemoryStream
    {
        private bool _given;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_given)
            {
                throw new IOException("the connection was reset");
            }

            _given = true;
            buffer.Span[..1000].Clear();
            return ValueTask.FromResult(1000);
        }
    }
}
