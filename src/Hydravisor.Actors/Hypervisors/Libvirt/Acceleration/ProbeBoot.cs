using System.Globalization;
using System.Text.RegularExpressions;
using Hydravisor.Actors.Hypervisors.Images;
using Hydravisor.Actors.Hypervisors.Libvirt.Calls;
using Hydravisor.Actors.Hypervisors.Libvirt.Domains;
using Hydravisor.Actors.Hypervisors.Libvirt.Life;
using Hydravisor.Libvirt;

namespace Hydravisor.Actors.Hypervisors.Libvirt.Acceleration;

/// <summary>Boots one guest to see whether it boots. Its domain is its own and is removed however it ends: libvirt destroys it with the
/// connection, and what a killed process leaves of it is removed by the next one.</summary>
internal sealed class ProbeBoot(
    LibvirtConnection connection, CallLane lane, ImageEntry image, LibvirtSettings settings, string dataDirectory, TimeProvider time)
{
    private const string NamePrefix = "hydravisor-probe-";

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    private readonly string _name = NamePrefix + Environment.ProcessId.ToString(CultureInfo.InvariantCulture);

    private string ConsoleLog => Path.Combine(dataDirectory, $"{_name}.log");

    /// <summary>Boots the guest and removes it.</summary>
    /// <param name="limit">How long it may take.</param>
    /// <returns>Whether it booted, null where nothing can be concluded; and what was seen.</returns>
    public async Task<(bool? Booted, string Said)> RunAsync(TimeSpan limit)
    {
        try
        {
            var begun = await CallAsync(Start).ConfigureAwait(false);
            return begun.Kind switch
            {
                OutcomeKind.Done => await WatchAsync(limit).ConfigureAwait(false),
                OutcomeKind.Failed => (false, $"a guest cannot be started with {settings.VirtType}: {begun.Reason}"),
                _ => (null, begun.Reason),
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (null, $"its console cannot be read: {e.Message}");
        }
        finally
        {
            await CallAsync(Remove).ConfigureAwait(false);
        }
    }

    private async Task<(bool? Booted, string Said)> WatchAsync(TimeSpan limit)
    {
        var pattern = new Regex(image.Ready.ConsolePattern!, RegexOptions.CultureInvariant, limit);
        using var console = new LogTail(ConsoleLog, from: 0);
        var began = time.GetTimestamp();
        while (true)
        {
            var waited = time.GetElapsedTime(began);
            if (console.Read().Any(pattern.IsMatch))
            {
                return (true, string.Create(CultureInfo.InvariantCulture, $"a guest booted with {settings.VirtType} in {waited.TotalSeconds:0.0} s"));
            }

            if (waited >= limit)
            {
                return (false, string.Create(CultureInfo.InvariantCulture, $"a guest started with {settings.VirtType} did not boot within {limit.TotalSeconds:0} s"));
            }

            var lives = await lane.Call(IsActive).Answer.ConfigureAwait(false);
            if (lives is { IsDone: true, Value: false })
            {
                return (false, $"a guest started with {settings.VirtType} ended before it had booted");
            }

            await Task.Delay(Poll, time).ConfigureAwait(false);
        }
    }

    private Task<Outcome> CallAsync(Func<Outcome> call) => ResultAsync(lane.Call(() => new Outcome<bool>(call(), true)));

    private static async Task<Outcome> ResultAsync(LaneCall<bool> call) => (await call.Answer.ConfigureAwait(false)).Result;

    private Outcome Start()
    {
        try
        {
            Sweep();
            var ram = new Protocol.ByteSize(Math.Max(image.MinRam.Bytes, 128L << 20));
            var definition = DomainXml.WriteProbe(_name, image, ram, ConsoleLog, settings, new QemuUsers(settings.VirtType).On(connection));
            using var domain = connection.Define(definition, DomainDefineFlags.Validate);
            domain.Create(DomainCreateFlags.Autodestroy);
            return Outcome.Done;
        }
        catch (LibvirtException e)
        {
            return e.IsConnectionLost ? Outcome.Unavailable(LibvirtWords.Of(e)) : Outcome.Failed(LibvirtWords.Of(e));
        }
    }

    private Outcome<bool> IsActive()
    {
        using var domain = connection.FindByName(_name);
        return Outcome<bool>.Done(domain is { IsActive: true });
    }

    private Outcome Remove()
    {
        using (var domain = connection.FindByName(_name))
        {
            if (domain is not null)
            {
                RemoveDomain(domain);
            }
        }

        File.Delete(ConsoleLog);
        return Outcome.Done;
    }

    // What a process left that was killed: its number is in the name, and nobody has it any more.
    private void Sweep()
    {
        foreach (var domain in connection.ListAllDomains())
        {
            using (domain)
            {
                if (domain.Name.StartsWith(NamePrefix, StringComparison.Ordinal)
                    && int.TryParse(domain.Name.AsSpan(NamePrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var process)
                    && (process == Environment.ProcessId || !Directory.Exists($"/proc/{process}")))
                {
                    RemoveDomain(domain);
                }
            }
        }
    }

    private static void RemoveDomain(LibvirtDomain domain)
    {
        try
        {
            if (domain.IsActive)
            {
                FewerFlags.Try(domain.Destroy, DomainDestroyFlags.RemoveLogs, DomainDestroyFlags.None);
            }
        }
        catch (LibvirtException e) when (e.IsInvalidState || e.IsNotFound)
        {
            // It ended by itself meanwhile.
        }

        try
        {
            domain.Undefine(DomainUndefineFlags.None);
        }
        catch (LibvirtException e) when (e.IsNotFound)
        {
            // It is gone.
        }
    }
}
