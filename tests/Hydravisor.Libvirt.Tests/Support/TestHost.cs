namespace Hydravisor.Libvirt.Tests.Support;

/// <summary>A host of libvirt's test driver in a file of its own: <c>test:///default</c> is one for the whole process, a file is
/// private to each connection.</summary>
public sealed class TestHost : IDisposable
{
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"hydravisor-libvirt-{Guid.NewGuid():N}.xml");

    public TestHost() => File.WriteAllText(_file, "<node/>");

    public string Uri => $"test://{_file}";

    public static string DomainXml(string name, Guid uuid, string metadata = "") =>
        $"""
        <domain type='test'>
          <name>{name}</name>
          <uuid>{uuid}</uuid>
          <metadata>{metadata}</metadata>
          <memory unit='KiB'>65536</memory>
          <vcpu>1</vcpu>
          <os><type>hvm</type></os>
        </domain>
        """;

    public void Dispose() => File.Delete(_file);
}
