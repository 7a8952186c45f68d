using System.Diagnostics;
using System.Security.Cryptography;
using System.Xml.Linq;
using Hydravisor.Actors.Feeds;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Libvirt.Domains;
using Hydravisor.Actors.Hypervisors.Libvirt.Files;
using Hydravisor.Actors.Hypervisors.Libvirt.Life;
using Hydravisor.Libvirt;
using Hydravisor.Protocol;

namespace Hydravisor.Bench.Create;

/// <summary>A domain as a node made it, and how long the same takes without a node: by the binding alone.</summary>
/// <param name="xml">The domain's definition, as libvirt has it.</param>
/// <param name="id">The instance.</param>
/// <param name="paths">Its files.</param>
internal sealed class BareDomain(string xml, InstanceId id, VmPaths paths)
{
    private const string Ready = "hydravisor: ready ";

    // The node looks as often.
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);

    /// <summary>Takes a node's domain as the model.</summary>
    public static BareDomain Like(LibvirtConnection connection, InstanceId id, string vmsDirectory)
    {
        using var domain = connection.FindByUuid(DomainPlan.DomainUuid(id))!;
        return new BareDomain(domain.GetXml(DomainXmlFlags.Inactive), id, VmPaths.Of(vmsDirectory, id));
    }

    /// <summary>Makes another one, waits until its guest is up, and removes it.</summary>
    /// <returns>Seconds from the first file to the ready line on the console.</returns>
    public async Task<double> RunAsync(LibvirtConnection connection)
    {
        var other = InstanceId.FromBytes(RandomNumberGenerator.GetBytes(6));
        var theirs = VmPaths.Of(Path.GetDirectoryName(paths.Directory)!, other);
        var definition = xml
            .Replace(id.Value, other.Value, StringComparison.Ordinal)
            .Replace(DomainPlan.DomainUuid(id).ToString(), DomainPlan.DomainUuid(other).ToString(), StringComparison.Ordinal);
        var from = Stopwatch.GetTimestamp();
        Directory.CreateDirectory(theirs.Directory);
        File.SetUnixFileMode(theirs.Directory, File.GetUnixFileMode(paths.Directory));
        File.Copy(paths.Image, theirs.Image);
        File.Copy(paths.Instance, theirs.Instance);
        Fifo.Make(theirs.GuestLogPipeIn);
        Fifo.Make(theirs.GuestLogPipeOut);
        Lend(connection, other, Path.GetDirectoryName(theirs.Directory)!);
        using var domain = connection.Define(definition, DomainDefineFlags.Validate);
        domain.Create(DomainCreateFlags.None);
        using (var console = new LogTail(theirs.ConsoleLog, 0))
        {
            while (!console.Read().Any(line => line.StartsWith(Ready, StringComparison.Ordinal)))
            {
                await Task.Delay(Poll);
            }
        }

        var took = Stopwatch.GetElapsedTime(from).TotalSeconds;
        domain.Destroy(DomainDestroyFlags.None);
        domain.Undefine(DomainUndefineFlags.None);
        Directory.Delete(theirs.Directory, recursive: true);
        return took;
    }

    private void Lend(LibvirtConnection connection, InstanceId id, string vmsDirectory)
    {
        var virtType = XElement.Parse(xml).Attribute("type")!.Value;
        if (new QemuUsers(virtType).On(connection) is { } user
            && new VmFiles(vmsDirectory, _ => null).Lend(id, user) is { IsDone: false } refused)
        {
            throw new InvalidOperationException(refused.Reason);
        }
    }
}
