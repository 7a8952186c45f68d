using Hydravisor.Actors.Feeds;

namespace Hydravisor.Actors.Logs.Following;

/// <summary>One who follows a log.</summary>
internal interface ILogFeed : IFeed
{
    /// <summary>The sequence number from which on it delivers; where entries before the first that is kept were asked for, their gap comes first.</summary>
    long From { get; }
}
