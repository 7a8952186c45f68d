namespace Hydravisor.Actors.Audit.Checkpoints;

/// <summary>Keeps copies of checkpoints where who can write to the journal cannot.</summary>
internal interface IWitness : IDisposable
{
    /// <summary>Hands over a checkpoint, as a line of JSON.</summary>
    /// <returns>When the witness has it. Fails, with the reason as its message, where that is not known.</returns>
    Task TellAsync(string line, CancellationToken stop);
}
