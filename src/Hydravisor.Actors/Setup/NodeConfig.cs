using Akka.Configuration;
using Akka.Persistence;
using Akka.Persistence.Sql;
using Hydravisor.Actors.Journal;

namespace Hydravisor.Actors.Setup;

/// <summary>Puts the configuration together: reference, profile, the data directory's own file, environment.</summary>
internal static class NodeConfig
{
    private const string AkkaLogLevel = "akka.loglevel";
    private const string ShippedLogLevel = "INFO";

    /// <summary>The profiles that are shipped.</summary>
    public static IReadOnlyList<string> Profiles { get; } = ["development", "node"];

    /// <summary>Loads the configuration of a node.</summary>
    /// <param name="hoconDirectory">Where the shipped files are.</param>
    /// <param name="profile">One of <see cref="Profiles"/>.</param>
    /// <param name="environment">Reads an environment variable; null where it is not set.</param>
    /// <param name="ownFile">The operator's own file; null: <c>hydravisor.conf</c> in the data directory, if it is there.</param>
    /// <exception cref="SettingException">
    /// A file is missing or cannot be parsed, or the own file has a setting that does not exist or a policy that cannot be used.
    /// </exception>
    public static Config Load(string hoconDirectory, string profile, Func<string, string?> environment, string? ownFile = null)
    {
        if (!Profiles.Contains(profile))
        {
            throw new SettingException($"there is no profile '{profile}': {string.Join(", ", Profiles)} are");
        }

        var overrides = FromEnvironment(environment);
        var reference = OwnSettings.Parse(Path.Combine(hoconDirectory, "reference.conf"));
        var shipped = OwnSettings.Parse(Path.Combine(hoconDirectory, profile + ".conf"))
            .WithFallback(OwnSettings.Parse(Path.Combine(hoconDirectory, "images.conf")))
            .WithFallback(OwnSettings.Parse(Path.Combine(hoconDirectory, "policy.conf")))
            .WithFallback(OwnSettings.Parse(Path.Combine(hoconDirectory, "akka.conf")))
            .WithFallback(reference);
        var file = ownFile ?? OwnFile(overrides.WithFallback(shipped).GetString("hydravisor.data"));
        if (ownFile is null && !File.Exists(file))
        {
            return overrides.WithFallback(shipped);
        }

        var own = OwnSettings.Parse(file);
        OwnSettings.Check(own, file, reference);
        var config = overrides.WithFallback(own.WithFallback(shipped));
        CheckPolicy(config, file);
        return config;
    }

    /// <summary>Where the operator's own file is.</summary>
    public static string OwnFile(string dataDirectory) => Path.Combine(dataDirectory, "hydravisor.conf");

    /// <summary>Lets Akka.NET log as much as <c>hydravisor.log.level</c> says, unless the operator set <c>akka.loglevel</c> itself.</summary>
    public static Config WithLogLevel(Config config, string level) =>
        config.GetString(AkkaLogLevel) != ShippedLogLevel
            ? config
            : ConfigurationFactory.ParseString($"{AkkaLogLevel} = {(level is "verbose" or "debug" ? "DEBUG" : ShippedLogLevel)}").WithFallback(config);

    /// <summary>Adds what Akka.Persistence.Sql needs to know of the journal.</summary>
    /// <param name="config">The node's configuration.</param>
    /// <param name="journal">Where the journal is.</param>
    public static Config WithJournal(Config config, JournalAddress journal)
    {
        string[] plugins = ["akka.persistence.journal.sql", "akka.persistence.snapshot-store.sql"];
        var address = plugins.Select(plugin => $"{plugin}.provider-name = {journal.ProviderName}\n{plugin}.connection-string = {Quoted(journal.ConnectionString)}");
        var settings = ConfigurationFactory.ParseString(string.Join('\n', address));
        return (journal is JournalAddress.Database ? settings.WithFallback(config.GetConfig("hydravisor.postgresql-journal")) : settings)
            .WithFallback(config)
            .WithFallback(SqlPersistence.DefaultConfiguration)
            .WithFallback(Persistence.DefaultConfig());
    }

    // Its groups have keys of the operator's choice, so that only reading it shows whether they are right.
    private static void CheckPolicy(Config config, string file)
    {
        try
        {
            PolicyReader.Read(config);
        }
        catch (SettingException e)
        {
            throw new SettingException($"{file}: {e.Message}");
        }
    }

    private static Config FromEnvironment(Func<string, string?> environment)
    {
        (string Variable, string Key)[] variables =
        [
            ("HYDRAVISOR_DATA", "hydravisor.data"),
            ("HYDRAVISOR_LISTEN", "hydravisor.gateway.listen"),
            ("HYDRAVISOR_HEALTH_LISTEN", "hydravisor.health.listen"),
            ("HYDRAVISOR_POSTGRESQL", "hydravisor.journal.postgresql"),
            ("HYDRAVISOR_CLUSTER_LISTEN", "hydravisor.cluster.listen"),
            ("HYDRAVISOR_CLUSTER_CERTIFICATE", "hydravisor.cluster.tls.certificate"),
            ("HYDRAVISOR_CLUSTER_KEY", "hydravisor.cluster.tls.key"),
            ("HYDRAVISOR_CLUSTER_CA", "hydravisor.cluster.tls.ca"),
            ("HYDRAVISOR_IMAGES", "hydravisor.images.directory"),
            ("HYDRAVISOR_ACCEL", "hydravisor.accel"),
            ("HYDRAVISOR_HYPERVISOR", "hydravisor.hypervisor"),
            ("HYDRAVISOR_LIBVIRT_URI", "hydravisor.libvirt.uri"),
            ("HYDRAVISOR_TLS_CERTIFICATE", "hydravisor.gateway.tls.certificate"),
            ("HYDRAVISOR_TLS_KEY", "hydravisor.gateway.tls.key"),
            ("HYDRAVISOR_TLS_CLIENT_CA", "hydravisor.gateway.tls.client-ca"),
            ("HYDRAVISOR_TLS_CLIENT_CERTIFICATES", "hydravisor.gateway.tls.client-certificates"),
        ];
        var lines = variables
            .Select(pair => (pair.Key, Value: environment(pair.Variable)))
            .Where(pair => !string.IsNullOrEmpty(pair.Value))
            .Select(pair => $"{pair.Key} = {Quoted(pair.Value!)}");
        var seeds = environment("HYDRAVISOR_CLUSTER_SEEDS")?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];
        return ConfigurationFactory.ParseString(string.Join('\n', seeds.Length == 0 ? lines : lines.Append($"hydravisor.cluster.seeds = [{string.Join(", ", seeds.Select(Quoted))}]")));
    }

    private static string Quoted(string text) => $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
