using System.Text;
using Hydravisor.Actors.Access.Agents;
using Hydravisor.Actors.Files;
using Hydravisor.Libvirt;

namespace Hydravisor.Actors.Tests.Access.Agents;

public sealed class AgentFileTests : AgentStoreContract, IDisposable
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly TemporaryDirectory _directory = new();
    private readonly AgentFile _file;

    public AgentFileTests() => _file = new AgentFile(_directory.Path, TimeProvider.System);

    private string Half => _file.Path + ".new";

    private protected override IAgentStore Open() => new AgentFile(_directory.Path, TimeProvider.System);

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Agents_are_in_a_file_that_only_its_owner_may_read()
    {
        await AddAsync(AgentKey.New(Now), "builder");

        Assert.Equal(Private, File.GetUnixFileMode(_file.Path));
        Assert.False(File.Exists(Half));
    }

    [Theory]
    [InlineData("null", "null")]
    [InlineData("\"AAAA\"", "\"AAAA\"")]
    [InlineData("null", "\"AAAA\"")]
    public void What_is_neither_a_key_nor_a_certificate_is_refused(string key, string certificate)
    {
        var fingerprint = new string('0', 64);
        Put($$"""{"schema":1,"agents":[{"fingerprint":"{{fingerprint}}","name":null,"roles":["a"],"keys":[{"fingerprint":"{{fingerprint}}","key":{{key}},"created_at":"2026-01-01T00:00:00Z","expires_at":null,"certificate":{{certificate}}}],"created_at":"2026-01-01T00:00:00Z","revoked_at":null}]}""");

        Assert.Contains("certificate", Assert.Throws<AgentException>(_file.Read).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_data_directory_is_made_where_there_is_none_yet()
    {
        var file = new AgentFile(Path.Combine(_directory.Path, "data"), TimeProvider.System);

        await file.ChangeAsync(book => book.Add(Agent.New(AgentKey.New(Now), ["trusted"], null)));

        Assert.Single(file.Read().Agents);
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.OtherWrite)]
    public async Task A_file_that_others_may_read_or_write_is_refused(UnixFileMode more)
    {
        await AddAsync(AgentKey.New(Now));
        File.SetUnixFileMode(_file.Path, Private | more);

        Assert.Contains("chmod 600", Assert.Throws<AgentException>(_file.Read).Message, StringComparison.Ordinal);
        Assert.Contains("chmod 600", (await Assert.ThrowsAsync<AgentException>(() => AddAsync(AgentKey.New(Now)))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "is damaged at line 1")]
    [InlineData("null", "is damaged")]
    [InlineData("{}", "is damaged")]
    [InlineData("""{"schema":2,"keys":{}}""", "is of schema 2, and this program knows 1 only")]
    [InlineData("""{"schema":1}""", "is damaged")]
    [InlineData("""{"schema":1,"agents":[null]}""", "is damaged: an agent, a role or a key is null")]
    [InlineData("""{"schema":1,"agents":[],"agents":[]}""", "is damaged")]
    [InlineData("""{"schema":1,"agents":[{"fingerprint":"x","name":null,"roles":["a"],"keys":[],"created_at":"2026-01-01T00:00:00Z","revoked_at":null}]}""", "64 hexadecimal")]
    public void A_damaged_or_unknown_file_is_refused(string content, string said)
    {
        Put(content);

        var message = Assert.Throws<AgentException>(_file.Read).Message;
        Assert.StartsWith(_file.Path, message, StringComparison.Ordinal);
        Assert.Contains(said, message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_was_altered_is_refused_and_not_shown()
    {
        var key = AgentKey.New(Now);
        await AddAsync(key);
        var other = Convert.ToBase64String(AgentKey.New(Now).Key);
        Put(File.ReadAllText(_file.Path).Replace(Encoded(key), other, StringComparison.Ordinal));

        var message = Assert.Throws<AgentException>(_file.Read).Message;

        Assert.Contains("is damaged", message, StringComparison.Ordinal);
        Assert.DoesNotContain(other, message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_file_is_not_written_over()
    {
        Put("garbage");

        await Assert.ThrowsAsync<AgentException>(() => AddAsync(AgentKey.New(Now)));

        Assert.Equal("garbage", File.ReadAllText(_file.Path));
    }

    [Fact]
    public async Task What_a_killed_writer_left_is_harmless_and_cleaned_away()
    {
        var first = AgentKey.New(Now);
        await AddAsync(first);
        File.WriteAllText(Half, "half of");
        File.SetUnixFileMode(Half, Private | UnixFileMode.OtherRead);

        Assert.Single(_file.Read().Agents);
        await _file.ChangeAsync(book => book);
        Assert.False(File.Exists(Half));

        File.WriteAllText(Half, "half of");
        await AddAsync(AgentKey.New(Now));
        Assert.Equal(2, _file.Read().Agents.Count);
        Assert.Equal(Private, File.GetUnixFileMode(_file.Path));
        Assert.False(File.Exists(Half));
    }

    [Fact]
    public async Task Who_waits_for_another_process_can_be_told_to_stop()
    {
        using var stop = new CancellationTokenSource();
        using var held = new FileStream(Path.Combine(_directory.Path, "agents.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);

        var change = _file.ChangeAsync(book => book.Add(Agent.New(AgentKey.New(Now), ["trusted"], null)), stop.Token);
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Wait.For(change, "the end of the wait"));
        Assert.False(File.Exists(_file.Path));
    }

    [Fact]
    public async Task The_file_belongs_to_whom_the_data_directory_belongs()
    {
        if (Environment.IsPrivilegedProcess)
        {
            // Root who adds an agent for a node of another user.
            FileOwner.Set(_directory.Path, 65534, 65534);
        }

        await AddAsync(AgentKey.New(Now));

        var owner = NativeFile.Of(_directory.Path);
        Assert.All(Directory.GetFiles(_directory.Path), file => Assert.Equal(owner, NativeFile.Of(file)));
    }

    private static string Encoded(AgentKey key) =>
        Encoding.UTF8.GetString(AgentDocument.Write(AgentBook.Empty.Add(Agent.New(key, ["trusted"], null)))).Split("\"key\": \"")[1].Split('"')[0];

    private void Put(string content)
    {
        File.WriteAllText(_file.Path, content);
        File.SetUnixFileMode(_file.Path, Private);
    }
}
