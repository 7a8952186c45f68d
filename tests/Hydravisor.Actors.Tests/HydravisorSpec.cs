using Akka.Configuration;
using Akka.TestKit.Xunit2;
using Xunit.Abstractions;

namespace Hydravisor.Actors.Tests;

/// <summary>A test kit wired as the node is, but for the journal, which is in memory. Whatever is sent must be able to travel.</summary>
public abstract class HydravisorSpec(ITestOutputHelper output, string extra = "") : TestKit(Wired(extra), output: output)
{
    private static Config Wired(string extra) =>
        ConfigurationFactory.ParseString(
            """
            akka.actor.serialize-messages = on
            akka.actor.serialization-settings.allow-unregistered-types = on
            akka.actor.serializers.pass-through = "Hydravisor.Actors.Tests.PassThroughSerializer, Hydravisor.Actors.Tests"
            akka.actor.serialization-bindings { "System.Object" = pass-through }
            akka.loglevel = DEBUG
            akka.test.single-expect-default = 20s
            akka.test.default-timeout = 20s
            akka.persistence.journal.plugin = "akka.persistence.journal.inmem"
            akka.persistence.snapshot-store.plugin = "akka.persistence.snapshot-store.local"

            """ + extra)
        .WithFallback(ConfigurationFactory.ParseString(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "hocon", "akka.conf"))));
}
