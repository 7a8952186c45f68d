using System.Text.Json.Serialization;

namespace Hydravisor.Actors.Audit.Bundles;

/// <summary>What is in a bundle. Its bytes are signed with the node's key.</summary>
/// <param name="Format">Always <see cref="Version1"/>.</param>
/// <param name="Node">The node.</param>
/// <param name="MadeAt">When it was made.</param>
/// <param name="Vms">The VMs that it is about, with the digests of the images that they were made from.</param>
/// <param name="Streams">The streams of its journal: whole ones. Others were left out.</param>
/// <param name="Files">All files but this one and its signature.</param>
internal sealed record BundleManifest(
    string Format, string Node, DateTimeOffset MadeAt, IReadOnlyList<BundledVm> Vms, IReadOnlyList<string> Streams, IReadOnlyList<BundledFile> Files)
{
    /// <summary>The format.</summary>
    public const string Version1 = "hydravisor-bundle.v1";

    /// <summary>The name of its file.</summary>
    public const string Name = "manifest.json";

    /// <summary>The name of the file of its signature: DER, in base64.</summary>
    public const string SignatureName = "manifest.sig";
}

/// <summary>A VM in a bundle.</summary>
/// <param name="Id">Its instance id.</param>
/// <param name="Image">The image that it was made from.</param>
/// <param name="ImageSha256">The digest of the image, where it was known.</param>
internal sealed record BundledVm(string Id, string? Image, string? ImageSha256);

/// <summary>A file in a bundle.</summary>
/// <param name="Path">Its path.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Sha256">Its digest.</param>
internal sealed record BundledFile(string Path, long Bytes, string Sha256);

/// <summary>The form of the manifest.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(BundleManifest))]
internal sealed partial class BundleJson : JsonSerializerContext;
