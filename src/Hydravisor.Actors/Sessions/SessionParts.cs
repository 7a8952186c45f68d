using Hydravisor.Actors.Access;
using Hydravisor.Actors.Cluster;
using Hydravisor.Actors.Vms;

namespace Hydravisor.Actors.Sessions;

/// <summary>What all sessions of a node share.</summary>
internal sealed record SessionParts(IVmDirectory Directory, VmPorts Ports, AccessControl Access, SessionSettings Settings, TimeProvider Time);
