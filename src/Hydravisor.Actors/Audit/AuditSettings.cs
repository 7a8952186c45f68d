using Hydravisor.Actors.Audit.Checkpoints;

namespace Hydravisor.Actors.Audit;

/// <summary>How a node keeps its evidence. Read from <c>hydravisor.audit</c>.</summary>
/// <param name="ReserveBytes">Room on the disk that is kept for the last records; 0: none.</param>
/// <param name="Checkpoints">When checkpoints are made.</param>
internal sealed record AuditSettings(long ReserveBytes, CheckpointSettings Checkpoints);
