namespace Hydravisor.Actors.Audit.Ledger;

/// <summary>What a ledger works with.</summary>
/// <param name="Node">The node's name.</param>
/// <param name="Reserve">The room that is kept on its disk.</param>
/// <param name="LookEvery">How often the disk is looked at.</param>
/// <param name="RestartMin">Least wait before a writer that stopped is started again.</param>
/// <param name="RestartMax">Most wait.</param>
/// <param name="Time">The clock.</param>
internal sealed record LedgerParts(string Node, DiskReserve Reserve, TimeSpan LookEvery, TimeSpan RestartMin, TimeSpan RestartMax, TimeProvider Time);
