using System.Xml;
using System.Xml.Linq;
using Hydravisor.Libvirt;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hypervisors.Libvirt.Domains;

/// <summary>Hydravisor's mark in a domain's metadata. What does not bear it is not ours.</summary>
/// <param name="Id">The instance.</param>
/// <param name="Node">The node that owns it.</param>
/// <param name="Generation">Which definition it is: a digest of all that was defined. Another digest is another definition.</param>
internal sealed record DomainMark(InstanceId Id, string Node, string Generation)
{
    /// <summary>Its XML namespace.</summary>
    public const string Namespace = "urn:hydravisor:domain:1";

    private const string InstanceName = "instance";
    private const string NodeName = "node";
    private const string GenerationName = "generation";

    /// <summary>The element.</summary>
    /// <param name="name">The name a person gave the VM: for whoever reads the XML.</param>
    public XElement ToXml(string name) => new(
        XName.Get("domain", Namespace),
        new XAttribute(XNamespace.Xmlns + "hydravisor", Namespace),
        new XAttribute(InstanceName, Id.Value),
        new XAttribute(NodeName, Node),
        new XAttribute(GenerationName, Generation),
        new XAttribute("name", name));

    /// <summary>Reads the mark of a domain; null where it bears none, or none that is whole. Blocks.</summary>
    /// <exception cref="LibvirtException">The call failed.</exception>
    public static DomainMark? Read(LibvirtDomain domain) => domain.GetMetadata(Namespace, DomainAffects.None) is { } xml ? Parse(xml) : null;

    /// <summary>Reads the element, with or without its namespace (libvirt takes it off); null where it is no whole mark.</summary>
    public static DomainMark? Parse(string xml)
    {
        try
        {
            using var reader = XmlReader.Create(new StringReader(xml), new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit });
            var element = XElement.Load(reader);
            return element.Name.LocalName == "domain" && InstanceId.TryParse(element.Attribute(InstanceName)?.Value, out var id)
                && element.Attribute(NodeName)?.Value is { Length: > 0 } node
                    ? new DomainMark(id, node, element.Attribute(GenerationName)?.Value ?? "")
                    : null;
        }
        catch (XmlException)
        {
            return null;
        }
    }
}
