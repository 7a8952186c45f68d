using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;

namespace Hydravisor.Actors.Hypervisors.Libvirt.Files;

/// <summary>What a guest is told of itself. The labels stand last, and nothing else may hold text of others with members of its own: a
/// guest's shell script can so find the first members without a JSON parser.</summary>
internal sealed record GuestInstance(string InstanceId, string Name, string? Model, string Node, IReadOnlyDictionary<string, string> Labels);

/// <summary>cloud-init's user data.</summary>
internal sealed record SeedUserData(string Hostname, bool PreserveHostname);

/// <summary>cloud-init's metadata. (Its own two members are spelt with a hyphen.)</summary>
internal sealed record SeedMetaData(
    [property: JsonPropertyName("instance-id")] string InstanceId,
    [property: JsonPropertyName("local-hostname")] string LocalHostname,
    GuestInstance Hydravisor);

/// <summary>The texts that are handed to a guest. Pure.</summary>
internal static partial class GuestData
{
    private const int HostNameMax = 63;

    private static readonly VmFilesJson Plain = new(new JsonSerializerOptions(VmFilesJson.Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    /// <summary>The fw_cfg entry <c>opt/org.hydravisor/instance</c>.</summary>
    public static byte[] Instance(DomainPlan plan) => Bytes(Of(plan), Plain.GuestInstance);

    /// <summary>cloud-init's <c>user-data</c>.</summary>
    public static byte[] UserData(DomainPlan plan) =>
        [.. "#cloud-config\n"u8, .. Bytes(new SeedUserData(HostName(plan), PreserveHostname: false), Plain.SeedUserData), (byte)'\n'];

    /// <summary>cloud-init's <c>meta-data</c>.</summary>
    public static byte[] MetaData(DomainPlan plan) =>
        [.. Bytes(new SeedMetaData(plan.Id.Value, HostName(plan), Of(plan)), Plain.SeedMetaData), (byte)'\n'];

    /// <summary>The host name: the VM's name as far as host names may look like it (RFC 1123), else its id.</summary>
    public static string HostName(DomainPlan plan)
    {
        var name = new StringBuilder(plan.Name.Length);
        foreach (var c in plan.Name.ToLowerInvariant())
        {
            name.Append(char.IsAsciiLetterOrDigit(c) ? c : '-');
        }

        var usable = name.ToString()[..Math.Min(name.Length, HostNameMax)].Trim('-');
        return usable.Length > 0 ? usable : plan.Id.Value;
    }

    private static GuestInstance Of(DomainPlan plan) => new(
        plan.Id.Value,
        Whole(plan.Name),
        plan.Model is { } model ? Whole(model) : null,
        plan.Node,
        plan.Labels.OrderBy(label => label.Key, StringComparer.Ordinal).ToDictionary(label => Whole(label.Key), label => Whole(label.Value)));

    // Half a surrogate pair has no form in UTF-8.
    private static string Whole(string text) => text.EnumerateRunes().Aggregate(new StringBuilder(text.Length), (whole, rune) => whole.Append(rune)).ToString();

    // JSON is YAML but for one thing: a pair of escapes for one character is two characters there, each half of one.
    private static byte[] Bytes<T>(T value, JsonTypeInfo<T> type) => Encoding.UTF8.GetBytes(
        EscapePattern().Replace(JsonSerializer.Serialize(value, type), static escape => escape.Groups[1].Success ? Pair(escape) : escape.Value));

    private static string Pair(Match escape) => new([Unit(escape.Groups[1]), Unit(escape.Groups[2])]);

    private static char Unit(Group digits) => (char)ushort.Parse(digits.ValueSpan, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    // Each escape is taken whole, so that a backslash that is itself escaped begins none.
    [GeneratedRegex(@"\\u(D[89AB]..)\\u(D[C-F]..)|\\.", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex EscapePattern();
}
