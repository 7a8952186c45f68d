using Akka.Actor;
using Hydravisor.Actors.Access;
using Hydravisor.Actors.Journal;

namespace Hydravisor.Actors.Audit.Ledger;

/// <summary>A node's ledger for all threads: hands over to the actor that keeps it.</summary>
/// <param name="ledger">The <see cref="LedgerActor"/>.</param>
/// <param name="gate">Knows whether anything may be changed.</param>
internal sealed class NodeLedger(IActorRef ledger, LedgerGate gate) : ILedger
{
    private const int OutstandingMax = 20_000;
    private int _outstanding;

    /// <inheritdoc/>
    public string? Refusal => gate.Refusal;

    /// <summary>Starts a node's ledger.</summary>
    /// <param name="system">The actor system.</param>
    /// <param name="parts">What it works with.</param>
    /// <param name="name">The actor's name.</param>
    public static NodeLedger Start(ActorSystem system, LedgerParts parts, string? name = "ledger")
    {
        var gate = new LedgerGate();
        return new NodeLedger(system.ActorOf(Props.Create(() => new LedgerActor(parts, gate)), name), gate);
    }

    /// <inheritdoc/>
    public Task<string?> RecordAsync(Cause cause, ILedgerEvent what)
    {
        if (Interlocked.Increment(ref _outstanding) > OutstandingMax)
        {
            Interlocked.Decrement(ref _outstanding);
            return Task.FromResult<string?>($"{OutstandingMax} records wait to be written down");
        }

        var record = new LedgerActor.Record(cause, what, Keep: false);
        ledger.Tell(record, ActorRefs.NoSender);
        return Settled(record.Done);
    }

    /// <inheritdoc/>
    public void Note(Cause cause, ILedgerEvent what) => ledger.Tell(new LedgerActor.Record(cause, what, Keep: true), ActorRefs.NoSender);

    /// <summary>Follows whom the node lets in to what, from now on: what is in force is written down where it is another than the last that was.</summary>
    public void Follow(AccessControl access)
    {
        access.Changed += () => ledger.Tell(InForce.Of(access.Policy, access.Agents), ActorRefs.NoSender);
        ledger.Tell(InForce.Of(access.Policy, access.Agents), ActorRefs.NoSender);
    }

    private async Task<string?> Settled(Task<string?> done)
    {
        try
        {
            return await done.ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _outstanding);
        }
    }
}
