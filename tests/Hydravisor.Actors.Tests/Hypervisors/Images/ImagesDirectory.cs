using System.Diagnostics;
using System.Security.Cryptography;
using Akka.Configuration;
using Hydravisor.Actors.Hypervisors.Images;

namespace Hydravisor.Actors.Tests.Hypervisors.Images;

/// <summary>An images directory with a catalogue of one built image, beside a place for the files of others.</summary>
internal sealed class ImagesDirectory : IDisposable
{
    public const string Catalogue =
        """
        catalogue {
          tiny {
            boot = kernel
            kernel = "tiny/vmlinuz"
            initrd = "tiny/initrd.img"
            cmdline = "console=ttyS0"
            min-ram = 80MB
            ready { console = "^hydravisor: ready " }
          }
        }
        """;

    private readonly TemporaryDirectory _temporary = new();

    public ImagesDirectory()
    {
        Directory.CreateDirectory(Path);
        Directory.CreateDirectory(System.IO.Path.Combine(_temporary.Path, "others"));
    }

    /// <summary>The images directory.</summary>
    public string Path => System.IO.Path.Combine(_temporary.Path, "images");

    public static Config Config(string hocon = Catalogue) => ConfigurationFactory.ParseString(hocon);

    /// <summary>A file of somebody else's.</summary>
    public string Other(string name) => System.IO.Path.Combine(_temporary.Path, "others", name);

    /// <summary>A file below the images directory, with its folders.</summary>
    public string Write(string relative, string content)
    {
        var file = System.IO.Path.Combine(Path, relative);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(file)!);
        File.WriteAllText(file, content);
        return file;
    }

    public static string Sha256(string file) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file)));

    /// <summary>Makes a disk as its owner would.</summary>
    public string Disk(string name, params string[] options)
    {
        var file = Other(name);
        QemuImg(["create", "-q", .. options, file, "1M"]);
        return file;
    }

    public static void QemuImg(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("qemu-img", arguments) { RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, error);
    }

    public ImageImport Import(HttpClient? http = null) => new(Config(), Path, http ?? new HttpClient(new NoNetwork()));

    public static ImageImportRequest Request(string file) => new() { Name = "ubuntu-22.04", From = file, Sha256 = Sha256(file) };

    /// <summary>Everything below the directory with its content and mode; the lock, which stays, left out.</summary>
    public IReadOnlyList<string> Everything() =>
    [
        .. Directory.EnumerateFileSystemEntries(Path, "*", SearchOption.AllDirectories)
            .Where(entry => System.IO.Path.GetFileName(entry) != ".import.lock")
            .Order(StringComparer.Ordinal)
            .Select(entry => $"{entry} {File.GetUnixFileMode(entry)} {(Directory.Exists(entry) ? "" : Sha256(entry))}"),
    ];

    public void Dispose() => _temporary.Dispose();

    private sealed class NoNetwork : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            throw new HttpRequestException("no test goes to the network");
    }
}
