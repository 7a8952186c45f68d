using Hydravisor.Protocol;

namespace Hydravisor.Actors.Access;

/// <summary>What a policy needs to know of a VM.</summary>
/// <param name="Id">Its id.</param>
/// <param name="OwnerAgent">The agent that made it: a fingerprint, or <see cref="Principal.Anonymous"/>.</param>
/// <param name="Labels">Its labels.</param>
internal sealed record VmFacts(InstanceId Id, string OwnerAgent, IReadOnlyDictionary<string, string> Labels);
