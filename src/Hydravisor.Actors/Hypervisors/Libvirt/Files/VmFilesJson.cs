using System.Text.Json.Serialization;
using Hydravisor.Actors.Hypervisors.Images;
using Hydravisor.Actors.Hypervisors.Libvirt.Acceleration;

namespace Hydravisor.Actors.Hypervisors.Libvirt.Files;

/// <summary>The forms of the JSON files in a VM's directory.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(BootMarker))]
[JsonSerializable(typeof(ImageEntry))]
[JsonSerializable(typeof(GuestInstance))]
[JsonSerializable(typeof(SeedUserData))]
[JsonSerializable(typeof(SeedMetaData))]
[JsonSerializable(typeof(RememberedAcceleration))]
internal sealed partial class VmFilesJson : JsonSerializerContext;
