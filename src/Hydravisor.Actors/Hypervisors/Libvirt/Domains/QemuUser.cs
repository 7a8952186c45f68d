using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Hydravisor.Actors.Hypervisors.Libvirt.Domains;

/// <summary>The user that QEMU runs as. Where this is known, a domain's own files are lent to it by us, and libvirt is told to give away
/// nothing: left to itself it makes QEMU's user the owner of all that a domain opens, the kernel that all guests share included, and a
/// guest that broke out could then change what every later guest boots.</summary>
/// <param name="User">The user's number; never root's.</param>
/// <param name="Group">The group's number.</param>
internal sealed partial record QemuUser(uint User, uint Group)
{
    /// <summary>The label of libvirt's DAC driver (libvirt.org/formatdomain.html, "Security label").</summary>
    public string Label => string.Create(CultureInfo.InvariantCulture, $"+{User}:+{Group}");

    /// <summary>Reads it from libvirt's capabilities.</summary>
    /// <param name="capabilities">What virConnectGetCapabilities gives.</param>
    /// <param name="virtType">The type of the domains.</param>
    /// <returns>The user; null where libvirt sets none, or root.</returns>
    public static QemuUser? Of(string capabilities, string virtType)
    {
        var label = XElement.Parse(capabilities).Element("host")?.Elements("secmodel")
            .FirstOrDefault(model => (string?)model.Element("model") == "dac")?.Elements("baselabel")
            .FirstOrDefault(label => (string?)label.Attribute("type") == virtType);
        return label is not null && LabelPattern().Match(label.Value) is { Success: true } parts
            && uint.TryParse(parts.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var user) && user != 0
            && uint.TryParse(parts.Groups[2].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var group)
                ? new QemuUser(user, group)
                : null;
    }

    [GeneratedRegex(@"^\s*\+([0-9]+):\+([0-9]+)\s*$", RegexOptions.CultureInvariant)]
    private static partial Regex LabelPattern();
}
