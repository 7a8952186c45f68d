using CsCheck;
using Hydravisor.Actors.Gateway.Tls;
using Hydravisor.Actors.Setup;

namespace Hydravisor.Actors.Tests.Setup;

public sealed class NodeConfigTests : IDisposable
{
    private static readonly string[] Fragments =
        ["{", "}", "]", "=", ",", "\n", "a", "b.c", "1", "\"x\"", "\"", "#", " ", "${a}", "+=", "\"\"\"", "hydravisor"];

    private readonly TemporaryDirectory _directory = new();

    public static TheoryData<string> Profiles => [.. NodeConfig.Profiles];

    public void Dispose() => _directory.Dispose();

    [Theory]
    [MemberData(nameof(Profiles))]
    public void Every_profile_gives_usable_settings(string profile) =>
        Assert.Equal("127.0.0.1:7411", NodeSettings.Read(Load(profile)).Gateway.Listen.ToString());

    [Fact]
    public void The_environment_overrides_the_data_directorys_own_file_which_overrides_the_profile()
    {
        File.WriteAllText(Path.Combine(_directory.Path, "hydravisor.conf"), "hydravisor { gateway.listen = \"127.0.0.1:1\", session.in-flight-max = 7 }");
        var settings = NodeSettings.Read(Load("development", ("HYDRAVISOR_LISTEN", "127.0.0.1:2")));
        Assert.Equal((2, 7), (settings.Gateway.Listen.Port, settings.Session.InFlightMax));
    }

    [Fact]
    public void Health_is_told_nowhere_unless_an_address_is_given()
    {
        Assert.All(NodeConfig.Profiles, profile => Assert.Null(NodeSettings.Read(Load(profile)).HealthListen));
        Assert.Equal("127.0.0.1:7413", NodeSettings.Read(Load("node", ("HYDRAVISOR_HEALTH_LISTEN", "127.0.0.1:7413"))).HealthListen!.ToString());
    }

    [Fact]
    public void TLS_can_be_set_by_the_environment()
    {
        Assert.Null(NodeSettings.Read(Load("node")).Gateway.Tls);
        var tls = NodeSettings.Read(Load(
            "node", ("HYDRAVISOR_TLS_CERTIFICATE", "/c.pem"), ("HYDRAVISOR_TLS_KEY", "/k.pem"), ("HYDRAVISOR_TLS_CLIENT_CA", "/ca.pem"), ("HYDRAVISOR_TLS_CLIENT_CERTIFICATES", "required"))).Gateway.Tls;
        Assert.Equal(("/c.pem", "/k.pem", "/ca.pem", ClientCertificates.Required), (tls!.Certificate, tls.Key, tls.ClientCa, tls.ClientCertificates));
    }

    [Theory]
    [InlineData("gateway.listen = \"localhost:7411\"", "hydravisor.gateway.listen", "IP address")]
    [InlineData("health.listen = \"localhost:7413\"", "hydravisor.health.listen", "IP address")]
    [InlineData("health.listen = \"7413\"", "hydravisor.health.listen", "IP address and a port")]
    [InlineData("health.listen = \"127.0.0.1:7411\"", "hydravisor.health.listen", "a port of its own")]
    [InlineData("session.in-flight-max = 0", "hydravisor.session.in-flight-max", "whole number from 1")]
    [InlineData("session.in-flight-max = many", "hydravisor.session.in-flight-max", "whole number")]
    [InlineData("vm.stop-grace = soon", "hydravisor.vm.stop-grace", "a time")]
    [InlineData("host.ram-max = 4XB", "hydravisor.host.ram-max", "a size")]
    [InlineData("host.vcpu-overcommit = 0", "hydravisor.host.vcpu-overcommit", "over 0")]
    [InlineData("hypervisor = xen", "hydravisor.hypervisor", "libvirt")]
    [InlineData("accel = fast", "hydravisor.accel", "auto")]
    [InlineData("gateway.tls.key = \"k.pem\"", "hydravisor.gateway.tls", "certificate and key")]
    [InlineData("gateway.tls.certificate = \"c.pem\"", "hydravisor.gateway.tls.key", "PEM file")]
    [InlineData("gateway.tls { certificate = \"c.pem\", key = \"k.pem\", client-ca = \"ca.pem\" }", "client-certificates", "optional or required")]
    [InlineData("gateway.tls { certificate = \"c.pem\", key = \"k.pem\", client-certificates = required }", "hydravisor.gateway.tls.client-ca", "PEM file")]
    [InlineData("gateway.tls { certificate = \"c.pem\", key = \"k.pem\", client-certificates = maybe }", "hydravisor.gateway.tls.client-certificates", "optional")]
    [InlineData("policy.anonymous.loopback = admin", "hydravisor.policy.anonymous.loopback", "trusted")]
    public void A_wrong_setting_is_named_with_what_would_be_right(string line, string key, string right)
    {
        File.WriteAllText(Path.Combine(_directory.Path, "hydravisor.conf"), $"hydravisor {{ {line} }}");
        var error = Assert.Throws<SettingException>(() => NodeSettings.Read(Load("development")));
        Assert.Contains(key, error.Message, StringComparison.Ordinal);
        Assert.Contains(right, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_cannot_be_parsed_is_named()
    {
        File.WriteAllText(Path.Combine(_directory.Path, "hydravisor.conf"), "hydravisor { gateway.listen = ${nowhere} }");
        Assert.Contains("hydravisor.conf", Assert.Throws<SettingException>(() => Load("development")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("hydravisor {", "the '{' of line 1 is never closed")]
    [InlineData("a {\n}\n}", "the '}' of line 3 closes nothing")]
    [InlineData("a = [1,\n2 }", "the '}' of line 2 stands where the '[' of line 1 should be closed")]
    [InlineData("# { \" [\na = \"} \\\" {\" // ]", null)]
    [InlineData("a = \"\"\" {\n\" [ \"\"\"\nb = \"", "the quote that begins in line 3 has no end")]
    [InlineData("a = \"\"\" {", "the quote that begins in line 1 has no end")]
    [InlineData("a { b = ${c}, d = [{}, []] }", null)]
    [InlineData("", null)]
    public void A_bracket_or_quote_without_its_partner_is_found(string text, string? problem) => Assert.Equal(problem, HoconBrackets.Problem(text));

    // Without arrays: those that the parser never finishes would leave a busy thread in this process (see StartTests for one).
    [Fact]
    public void No_file_however_broken_gives_more_than_a_message() =>
        Gen.Int[0, Fragments.Length - 1].Select(at => Fragments[at]).Array[0, 12].Sample(
            parts =>
            {
                File.WriteAllText(Path.Combine(_directory.Path, "hydravisor.conf"), string.Concat(parts));
                try
                {
                    Load("development");
                }
                catch (SettingException e)
                {
                    Assert.Contains("hydravisor.conf", e.Message, StringComparison.Ordinal);
                }
            },
            iter: 300,
            threads: 1);

    [Theory]
    [InlineData("hydravisor.gateway.line = 1MB", "no setting hydravisor.gateway.line;", "line-max")]
    [InlineData("hydravisor.gateway = 1", "hydravisor.gateway is a group", "listen")]
    [InlineData("hydravisor.accel { is = kvm }", "hydravisor.accel is one setting", "hydravisor.conf")]
    [InlineData("hydravisor = 1", "hydravisor is a group", "gateway")]
    [InlineData("gateway.listen = \"127.0.0.1:1\"", "no setting gateway", "hydravisor.")]
    public void A_setting_that_does_not_exist_is_refused_with_those_that_do(string line, params string[] says)
    {
        File.WriteAllText(Path.Combine(_directory.Path, "hydravisor.conf"), line);
        var error = Assert.Throws<SettingException>(() => Load("development"));
        Assert.All(says, word => Assert.Contains(word, error.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void What_is_Akkas_and_what_images_there_are_is_the_operators_affair()
    {
        File.WriteAllText(
            Path.Combine(_directory.Path, "hydravisor.conf"),
            "akka.loglevel = DEBUG, hydravisor.images.catalogue.mine { boot = disk }");
        Assert.Equal("DEBUG", Load("development").GetString("akka.loglevel"));
    }

    [Theory]
    [InlineData("", "information", "INFO")]
    [InlineData("", "debug", "DEBUG")]
    [InlineData("akka.loglevel = ERROR", "debug", "ERROR")]
    public void Akka_logs_as_much_as_the_node_unless_told_otherwise(string own, string level, string akka)
    {
        File.WriteAllText(Path.Combine(_directory.Path, "hydravisor.conf"), own);
        Assert.Equal(akka, NodeConfig.WithLogLevel(Load("development"), level).GetString("akka.loglevel"));
    }

    [Fact]
    public void A_data_directory_has_one_node_at_a_time_and_keeps_its_name()
    {
        string name;
        using (var first = DataDirectory.Open(_directory.Path, ""))
        {
            name = first.NodeName;
            Assert.Contains("another node", Assert.Throws<SettingException>(() => DataDirectory.Open(_directory.Path, "")).Message, StringComparison.Ordinal);
        }

        using (var again = DataDirectory.Open(_directory.Path, ""))
        {
            Assert.Equal(name, again.NodeName);
        }

        Assert.Contains(name, Assert.Throws<SettingException>(() => DataDirectory.Open(_directory.Path, "another")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_node_name_that_cannot_stand_in_a_stream_is_refused() =>
        Assert.Throws<SettingException>(() => DataDirectory.Open(_directory.Path, "Rack|1"));

    [Fact]
    public void Nobody_else_can_read_the_journal()
    {
        var file = Path.Combine(_directory.Path, "journal.db");
        JournalFile.Prepare(file);
        Assert.All(
            Directory.GetFiles(_directory.Path, "journal.db*"),
            made => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(made)));
    }

    [Fact]
    public void A_journal_without_its_unique_index_is_refused()
    {
        var file = Path.Combine(_directory.Path, "journal.db");
        JournalFile.Prepare(file);
        JournalFile.Prepare(file);
        using (var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={file};Pooling=False"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "drop index journal_uq; create index journal_uq on journal (persistence_id)";
            command.ExecuteNonQuery();
        }

        Assert.Contains("unique index", Assert.Throws<SettingException>(() => JournalFile.Prepare(file)).Message, StringComparison.Ordinal);
    }

    private Akka.Configuration.Config Load(string profile, params (string Variable, string Value)[] environment) =>
        NodeConfig.Load(Path.Combine(AppContext.BaseDirectory, "hocon"), profile, variable =>
            variable == "HYDRAVISOR_DATA" ? _directory.Path : environment.FirstOrDefault(pair => pair.Variable == variable).Value);
}
