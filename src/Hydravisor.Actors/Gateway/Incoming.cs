using System.Net;
using Akka;
using Akka.Actor;
using Akka.IO;
using Akka.Streams.Dsl;
using Hydravisor.Actors.Sessions;

namespace Hydravisor.Actors.Gateway;

/// <summary>A connection that nobody serves yet, be it plain or of TLS.</summary>
/// <param name="Remote">Where it comes from.</param>
/// <param name="Tls">What its handshake showed; null: it is plain.</param>
/// <param name="HandleWith">Lets it pass through a flow.</param>
internal sealed record Incoming(IPEndPoint Remote, TlsPeer? Tls, Action<Flow<ByteString, ByteString, NotUsed>> HandleWith) : INoSerializationVerificationNeeded;
