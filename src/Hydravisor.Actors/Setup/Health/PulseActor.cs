using Akka.Actor;

namespace Hydravisor.Actors.Setup.Health;

/// <summary>Answers, and does nothing else: if it does not, the node's actors have no threads. A host with much to do is not taken for dead.</summary>
internal sealed class PulseActor : UntypedActor
{
    /// <inheritdoc/>
    protected override void OnReceive(object message) => Sender.Tell(message);

    /// <summary>Whoever watches over the node → pulse, and back.</summary>
    internal sealed record Beat : INoSerializationVerificationNeeded
    {
        /// <summary>The question and the answer.</summary>
        public static Beat Instance { get; } = new();
    }
}
