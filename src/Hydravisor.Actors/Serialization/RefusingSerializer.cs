using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Configuration;
using Akka.Serialization;

namespace Hydravisor.Actors.Serialization;

/// <summary>Stands where Akka's polymorphic JSON serializer would be, and refuses: a peer or a row must not choose our types.</summary>
/// <remarks>It bears that serializer's number, 1, so that nothing written with it is ever read either.</remarks>
internal sealed class RefusingSerializer : Serializer
{
    /// <summary>Made by Akka, with the settings of the serializer that it stands for.</summary>
    public RefusingSerializer(ExtendedActorSystem system, Config settings)
        : base(system) => _ = settings;

    /// <inheritdoc/>
    public override int Identifier => 1;

    /// <inheritdoc/>
    public override bool IncludeManifest => false;

    /// <inheritdoc/>
    public override byte[] ToBinary(object obj) =>
        throw new SerializationException($"{obj.GetType()} has no serializer of its own, so it neither leaves the node nor is stored.");

    /// <inheritdoc/>
    public override object FromBinary(byte[] bytes, Type type) =>
        throw new SerializationException("Polymorphic JSON is not read.");
}
