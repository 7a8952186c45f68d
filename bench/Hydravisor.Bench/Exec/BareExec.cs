using System.Text.Json;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Libvirt.Guests;
using Hydravisor.Libvirt;
using Hydravisor.Protocol;

namespace Hydravisor.Bench.Exec;

/// <summary>A program run in a guest without a node, as a caller of the binding would: started, and asked after until it has ended.</summary>
internal sealed class BareExec(LibvirtConnection connection, InstanceId id) : IDisposable
{
    private const int Seconds = 5;

    // Asked at once, since most have ended by then, and then as often as a caller that has nothing else to do.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    private readonly LibvirtDomain _domain = connection.FindByUuid(DomainPlan.DomainUuid(id))!;

    /// <summary>Runs one.</summary>
    /// <returns>Its standard output.</returns>
    public byte[] Run(GuestCommand command)
    {
        var started = JsonSerializer.Deserialize(_domain.AgentCommand(AgentWords.Exec(command), Seconds), AgentWords.Default.AgentAnswerExecStarted)!;
        var question = AgentWords.Status(started.Return.Pid);
        while (true)
        {
            var status = JsonSerializer.Deserialize(_domain.AgentCommand(question, Seconds), AgentWords.Default.AgentAnswerExecStatus)!.Return;
            if (status.Exited)
            {
                return status.Exitcode == 0 ? status.OutData ?? [] : throw new InvalidOperationException($"{command.Argv[0]} ended with {status.Exitcode}.");
            }

            Thread.Sleep(Pause);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _domain.Dispose();
}
