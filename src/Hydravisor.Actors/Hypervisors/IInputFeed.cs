using Hydravisor.Actors.Feeds;

namespace Hydravisor.Actors.Hypervisors;

/// <summary>A feed whose follower may also say something to what is followed.</summary>
internal interface IInputFeed : IFeed
{
    /// <summary>Says it.</summary>
    /// <param name="bytes">Not to be changed before the outcome.</param>
    /// <returns>Done when it was taken.</returns>
    Task<Outcome> TypeAsync(ReadOnlyMemory<byte> bytes);
}
