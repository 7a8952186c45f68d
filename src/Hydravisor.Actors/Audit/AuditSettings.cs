namespace Hydravisor.Actors.Audit;

/// <summary>How a node keeps its evidence. Read from <c>hydravisor.audit</c>.</summary>
/// <param name="ReserveBytes">Room on the disk that is kept for the last records; 0: none.</param>
internal sealed record AuditSettings(long ReserveBytes);
