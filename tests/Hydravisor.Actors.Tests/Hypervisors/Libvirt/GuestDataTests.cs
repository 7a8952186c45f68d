using System.Text;
using System.Text.Json;
using CsCheck;
using Hydravisor.Actors.Hypervisors.Libvirt.Files;

namespace Hydravisor.Actors.Tests.Hypervisors.Libvirt;

public sealed class GuestDataTests
{
    [Fact]
    public void The_instance_entry_stands_as_guests_read_it() =>
        Assert.Equal(
            """{"instance_id":"vm-0123456789ab","name":"web","model":"openai:gpt-5","node":"node-1","labels":{"team":"red"}}""",
            Encoding.UTF8.GetString(GuestData.Instance(Samples.Plan() with { Labels = new Dictionary<string, string> { ["team"] = "red" } })));

    [Fact]
    public void A_member_without_a_value_is_left_out_and_labels_stand_last() =>
        Assert.EndsWith("\"node\":\"node-1\",\"labels\":{}}", Encoding.UTF8.GetString(GuestData.Instance(Samples.Plan() with { Model = null })), StringComparison.Ordinal);

    [Fact]
    public void The_seed_is_what_cloud_init_expects()
    {
        Assert.Equal("#cloud-config\n{\"hostname\":\"web\",\"preserve_hostname\":false}\n", Encoding.UTF8.GetString(GuestData.UserData(Samples.Plan())));
        Assert.StartsWith(
            "{\"instance-id\":\"vm-0123456789ab\",\"local-hostname\":\"web\",\"hydravisor\":{\"instance_id\":",
            Encoding.UTF8.GetString(GuestData.MetaData(Samples.Plan())),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Text_of_others_reads_back_as_it_was() =>
        Gen.Select(Gen.String, Gen.String, Gen.Dictionary(Gen.String, Gen.String)[0, 5]).Sample((name, model, labels) =>
        {
            var whole = labels.GroupBy(label => Whole(label.Key)).ToDictionary(same => same.First().Key, same => same.First().Value);
            var plan = Samples.Plan() with { Name = name, Model = model, Labels = whole };
            var text = Encoding.UTF8.GetString(GuestData.MetaData(plan));
            using var json = JsonDocument.Parse(text);
            var told = json.RootElement.GetProperty("hydravisor");
            Assert.Equal(Whole(name), told.GetProperty("name").GetString());
            Assert.Equal(Whole(model), told.GetProperty("model").GetString());
            Assert.Equal(
                whole.ToDictionary(label => Whole(label.Key), label => Whole(label.Value)),
                told.GetProperty("labels").EnumerateObject().ToDictionary(label => label.Name, label => label.Value.GetString()!));
        });

    [Fact]
    public void A_character_beyond_sixteen_bits_stands_as_itself_since_YAML_knows_no_pairs_of_escapes()
    {
        var text = Encoding.UTF8.GetString(GuestData.MetaData(Samples.Plan() with { Model = "\\uD83D\\uDC0D 🐍" }));
        Assert.Contains("\"model\":\"\\\\uD83D\\\\uDC0D 🐍\"", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("web", "web")]
    [InlineData("Web Server 1", "web-server-1")]
    [InlineData("--a_b--", "a-b")]
    [InlineData("äöü", "vm-0123456789ab")]
    [InlineData("", "vm-0123456789ab")]
    public void A_host_name_is_what_host_names_may_be(string name, string hostName) =>
        Assert.Equal(hostName, GuestData.HostName(Samples.Plan() with { Name = name }));

    [Fact]
    public void A_host_name_has_63_characters_at_most() =>
        Assert.Equal(new string('a', 63), GuestData.HostName(Samples.Plan() with { Name = new string('a', 64) }));

    // What is half a character becomes the replacement character.
    private static string Whole(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
}
