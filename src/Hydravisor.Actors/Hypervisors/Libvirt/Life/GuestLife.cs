using System.Text.RegularExpressions;
using Hydravisor.Actors.Hypervisors.Libvirt.Domains;
using Hydravisor.Actors.Hypervisors.Libvirt.Files;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hypervisors.Libvirt.Life;

/// <summary>Waits until guests show life: on the console, on their log port, or through their agent, whichever comes first.</summary>
/// <remarks>The files are looked at again and again, but only while a guest boots; libvirt's daemon writes them, whoever else is there.</remarks>
/// <param name="settings">How often to look.</param>
/// <param name="time">The clock.</param>
/// <param name="agents">News of agents.</param>
/// <param name="trouble">Why the hypervisor cannot be reached, or null.</param>
/// <param name="ping">Asks a guest's agent whether it is there; false too where it could not be asked.</param>
internal sealed class GuestLife(
    LibvirtSettings settings, TimeProvider time, AgentPresence agents, Func<string?> trouble, Func<InstanceId, Task<bool>> ping)
{
    private static readonly TimeSpan MatchLimit = TimeSpan.FromMilliseconds(100);

    /// <summary>Waits for the first sign of a guest's boot.</summary>
    /// <returns><c>console</c>, <c>log</c> or <c>agent</c>; unavailable when the hypervisor was lost, a later boot began, or nobody waits
    /// any more; failed when the console pattern is none.</returns>
    public async Task<Outcome<string>> WaitAsync(DomainPlan plan, VmPaths paths, long incarnation, CancellationToken cancellation)
    {
        agents.Await(plan.Id);
        Signs? signs = null;
        try
        {
            while (!cancellation.IsCancellationRequested)
            {
                if (trouble() is { } lost)
                {
                    return Outcome<string>.Unavailable(lost);
                }

                if (signs is null && BootMarker.Read(paths) is { } marker && marker.Incarnation >= incarnation)
                {
                    if (marker.Incarnation > incarnation)
                    {
                        return Outcome<string>.Unavailable($"boot {marker.Incarnation} has begun, and {incarnation} was waited for");
                    }

                    signs = new Signs(paths, marker, plan.Image.Ready.ConsolePattern);
                }

                if ((signs?.Look() ?? await AgentAsync(plan, signs).ConfigureAwait(false)) is { } sign)
                {
                    return Outcome<string>.Done(sign);
                }

                await Task.Delay(settings.ReadyPoll, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            return Outcome<string>.Unavailable("nobody waits for it any more");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return Outcome<string>.Failed($"the guest cannot be watched: {e.Message}");
        }
        finally
        {
            signs?.Dispose();
            agents.Forget(plan.Id);
        }
    }

    private async Task<string?> AgentAsync(DomainPlan plan, Signs? signs)
    {
        if (signs is null || !plan.Image.Ready.Agent)
        {
            return null;
        }

        if (signs.Asking is { IsCompleted: true } asked)
        {
            signs.Asking = null;
            return await asked.ConfigureAwait(false) ? "agent" : null;
        }

        if (signs.Asking is null && (agents.Came(plan.Id) || signs.AskedAt is not { } at || time.GetElapsedTime(at) >= settings.AgentPoll))
        {
            signs.AskedAt = time.GetTimestamp();
            signs.Asking = ping(plan.Id);
        }

        return null;
    }

    private sealed class Signs(VmPaths paths, BootMarker marker, string? consolePattern) : IDisposable
    {
        private readonly LogTail _console = new(paths.ConsoleLog, marker.ConsoleOffset);
        private readonly LogTail _log = new(paths.GuestLog, marker.LogOffset);
        private readonly Regex? _pattern = consolePattern is null ? null : new Regex(consolePattern, RegexOptions.CultureInvariant, MatchLimit);
        private string _unfinished = "";

        public Task<bool>? Asking { get; set; }

        public long? AskedAt { get; set; }

        public string? Look() => _log.Read().Any() ? "log" : _pattern is not null && OnConsole(_pattern) ? "console" : null;

        public void Dispose()
        {
            _console.Dispose();
            _log.Dispose();
        }

        private bool OnConsole(Regex pattern)
        {
            foreach (var line in _console.Read())
            {
                if (Matches(pattern, line))
                {
                    return true;
                }
            }

            // A login prompt has no end of line.
            var unfinished = _console.Unfinished;
            var news = unfinished != _unfinished;
            _unfinished = unfinished;
            return news && Matches(pattern, unfinished);
        }

        private static bool Matches(Regex pattern, string line)
        {
            try
            {
                return pattern.IsMatch(line);
            }
            catch (RegexMatchTimeoutException)
            {
                return false;
            }
        }
    }
}
