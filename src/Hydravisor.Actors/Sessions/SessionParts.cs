using Hydravisor.Actors.Access;
using Hydravisor.Actors.Cluster;
using Hydravisor.Actors.Cluster.Reach;
using Hydravisor.Actors.Journal;

namespace Hydravisor.Actors.Sessions;

/// <summary>What all sessions of a node share.</summary>
internal sealed record SessionParts(IVmDirectory Directory, IVmFeeds Feeds, ILedger Ledger, AccessControl Access, SessionSettings Settings, TimeProvider Time);
