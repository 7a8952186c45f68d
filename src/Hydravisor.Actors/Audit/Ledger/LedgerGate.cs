namespace Hydravisor.Actors.Audit.Ledger;

/// <summary>Whether anything may be changed on a node, as far as its ledger and its disk are concerned. Safe for all threads; written by the ledger's actor only.</summary>
internal sealed class LedgerGate
{
    private volatile string? _refusal;

    /// <summary>Why not; null: it may.</summary>
    public string? Refusal
    {
        get => _refusal;
        set => _refusal = value;
    }
}
