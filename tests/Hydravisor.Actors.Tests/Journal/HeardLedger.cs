using System.Collections.Concurrent;
using Hydravisor.Actors.Journal;

namespace Hydravisor.Actors.Tests.Journal;

/// <summary>A ledger in memory, which can be told to refuse. The contract tests hold it to what the real one does.</summary>
internal sealed class HeardLedger : ILedger
{
    private readonly ConcurrentQueue<(Cause Cause, ILedgerEvent What)> _heard = [];
    private volatile string? _refusal;

    /// <summary>What was written down.</summary>
    public IReadOnlyList<(Cause Cause, ILedgerEvent What)> Heard => [.. _heard];

    /// <inheritdoc/>
    public string? Refusal => _refusal;

    /// <summary>It cannot be written from now on, or can be again.</summary>
    public void Refuse(string? why) => _refusal = why;

    /// <inheritdoc/>
    public Task<string?> RecordAsync(Cause cause, ILedgerEvent what)
    {
        if (_refusal is { } why)
        {
            return Task.FromResult<string?>(why);
        }

        _heard.Enqueue((cause, what));
        return Task.FromResult<string?>(null);
    }

    /// <inheritdoc/>
    public void Note(Cause cause, ILedgerEvent what) => _heard.Enqueue((cause, what));
}
