using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Simulated;

namespace Hydravisor.Actors.Tests.Vms.Simulation;

/// <summary>The machine under the node: the hypervisor with one VM's domain, and its terminal. It outlives the node's processes.</summary>
internal sealed class SimulatedMachine
{
    private readonly Agenda _agenda;
    private readonly Func<bool> _isCalm;
    private DateTimeOffset? _settling;

    public SimulatedMachine(Agenda agenda, Chance chance, Func<bool> isCalm)
    {
        _agenda = agenda;
        _isCalm = isCalm;
        Domains = new SimulatedDomains(new SimulatedGuest(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1)));
        Calls = new DomainCalls(agenda, chance, () => IsDown, isCalm, Changed);
    }

    public SimulatedDomains Domains { get; }

    public DomainCalls Calls { get; private set; }

    /// <summary>Whether the node has lost its connection.</summary>
    public bool IsDown { get; private set; }

    /// <summary>Whether the VM has a terminal session.</summary>
    public bool HasTerminal { get; set; }

    /// <summary>Where news go to, one call each.</summary>
    public Action<HypervisorNews> Tell { get; set; } = _ => { };

    /// <summary>The domain, as it is this moment.</summary>
    public SimulatedDomain? Domain
    {
        get
        {
            Domains.Settle(_agenda.Now);
            return Domains.Domains.GetValueOrDefault(Samples.Id);
        }
    }

    public void GoDown() => IsDown = true;

    public void ComeBack() => IsDown = false;

    /// <summary>Something was done to the domain: tells of it, and sees to it that the guest does what is due.</summary>
    public void Changed()
    {
        Domains.Settle(_agenda.Now);
        while (Domains.News.TryDequeue(out var news))
        {
            Tell(news);
        }

        if (Domains.Due is { } due && due != _settling)
        {
            _settling = due;
            _agenda.At(due, Changed);
        }
    }
}
