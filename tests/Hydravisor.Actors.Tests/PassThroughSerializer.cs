using System.Collections.Concurrent;
using System.Globalization;
using Akka.Actor;
using Akka.Serialization;

namespace Hydravisor.Actors.Tests;

/// <summary>Lets what is not ours pass when every message is serialized: Akka's own persistence messages are not made to travel. Ours must be.</summary>
public sealed class PassThroughSerializer(ExtendedActorSystem system) : Serializer(system)
{
    private static readonly ConcurrentDictionary<long, object> Kept = new();
    private static long s_last;

    public override int Identifier => 7499;

    public override bool IncludeManifest => false;

    public override byte[] ToBinary(object obj)
    {
        if (obj.GetType().Namespace?.StartsWith("Hydravisor", StringComparison.Ordinal) == true)
        {
            throw new InvalidOperationException($"{obj.GetType()} was sent and has no serializer: bind it, or say that it never leaves the process.");
        }

        var key = Interlocked.Increment(ref s_last);
        Kept[key] = obj;
        return BitConverter.GetBytes(key);
    }

    public override object FromBinary(byte[] bytes, Type type) =>
        Kept.TryRemove(BitConverter.ToInt64(bytes), out var kept) ? kept : throw new InvalidOperationException("Nothing was kept under " + BitConverter.ToInt64(bytes).ToString(CultureInfo.InvariantCulture));
}
