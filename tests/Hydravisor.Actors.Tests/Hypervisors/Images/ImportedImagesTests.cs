using CsCheck;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Images;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Tests.Hypervisors.Images;

public sealed class ImportedImagesTests
{
    // What patterns are made of, and what is syntax in HOCON.
    private static readonly Gen<string> Pattern = Gen.String[Gen.Char["ab é\"'\\{}[]()$.^#/:=,+*?|-_<>&%@!~;0"], 1, 30]
        .Where(pattern => pattern.Trim() == pattern && ImageEntryReader.IsPattern(pattern, out _));

    private static readonly Gen<string> Name = Gen.String[Gen.Char["abz019.-"], 1, 40].Where(ImageName.IsRight);

    private static readonly Gen<(string Name, string Pattern, bool Agent, bool CloudInit, long Ram, byte[] Digest)> Entry =
        Gen.Select(Name, Pattern, Gen.Bool, Gen.Bool, Gen.Long[1, 1L << 40], Gen.Byte.Array[32]);

    [Fact]
    public void What_is_written_is_what_is_read()
    {
        using var images = new ImagesDirectory();
        Entry.List[0, 4].Sample(
            drawn =>
            {
                var written = drawn.DistinctBy(each => each.Name).OrderBy(each => each.Name, StringComparer.Ordinal)
                    .Select(each => Of(images.Path, each)).ToArray();
                ImportedImages.Write(images.Path, written);
                Assert.Equal(written, ImportedImages.Read(images.Path));
            },
            iter: 300,
            threads: 1);
    }

    private static ImageEntry Of(string directory, (string Name, string Pattern, bool Agent, bool CloudInit, long Ram, byte[] Digest) drawn) => new()
    {
        Name = drawn.Name,
        Boot = ImageBoot.Disk,
        Architecture = "x86_64",
        DiskPath = Path.Combine(directory, drawn.Name, "disk.raw"),
        DiskFormat = "raw",
        MinRam = new ByteSize(drawn.Ram),
        Ready = new ReadySignal(drawn.Pattern, drawn.Agent),
        Agent = drawn.Agent,
        CloudInit = drawn.CloudInit,
        Sha256 = Convert.ToHexStringLower(drawn.Digest),
    };
}
