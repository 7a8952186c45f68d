namespace Hydravisor.Actors.Journal;

/// <summary>Writes down what is no event of a VM, before its effect. Safe for all threads; nothing here waits.</summary>
internal interface ILedger
{
    /// <summary>Why nothing may be changed now, since it could not be written down; null: it may.</summary>
    string? Refusal { get; }

    /// <summary>Writes it down.</summary>
    /// <param name="cause">Who did it, or by what it was observed.</param>
    /// <param name="what">What.</param>
    /// <returns>When it is durable: null; or why it is not and never will be, so that what it tells of must not happen. Never fails.</returns>
    Task<string?> RecordAsync(Cause cause, ILedgerEvent what);

    /// <summary>Writes down what has happened already and cannot be refused: it waits until it can be written, as long as the process lives.</summary>
    /// <param name="cause">Who did it, or by what it was observed.</param>
    /// <param name="what">What.</param>
    void Note(Cause cause, ILedgerEvent what);
}
