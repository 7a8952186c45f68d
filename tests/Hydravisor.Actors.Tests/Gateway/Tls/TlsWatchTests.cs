using System.Threading.Channels;
using Hydravisor.Actors.Gateway.Tls;
using Hydravisor.Actors.Tests.Access.Agents;
using Hydravisor.Client.Tests;

namespace Hydravisor.Actors.Tests.Gateway.Tls;

public sealed class TlsWatchTests : IDisposable
{
    private readonly TlsDirectory _files = new();
    private readonly Channel<string> _told = Channel.CreateUnbounded<string>();
    private readonly Channel<string> _warned = Channel.CreateUnbounded<string>();

    public void Dispose() => _files.Dispose();

    [Fact]
    public async Task A_new_pair_is_in_force_as_soon_as_it_is_there()
    {
        using var watch = await StartAsync();
        _files.Put(_files.Authority.Node("second"));
        Assert.Contains("CN=second", await ToldAsync(), StringComparison.Ordinal);
        Assert.StartsWith("CN=second", watch.Identity.ToString(), StringComparison.Ordinal);
        Assert.Null(watch.Trouble);
    }

    [Fact]
    public async Task What_the_watcher_missed_is_found_by_the_next_look()
    {
        var time = new RungTime();
        using var watch = _files.Open(time, told => _told.Writer.TryWrite(told));
        await ToldAsync();
        watch.Start();
        Assert.Equal(TlsWatch.LookEvery, time.Period);

        // In place, which the watcher does not look for.
        var second = _files.Authority.Node("second");
        await File.WriteAllTextAsync(_files.Settings.Key, TestAuthority.KeyOf(second));
        await File.WriteAllTextAsync(_files.Settings.Certificate, second.ExportCertificatePem());
        time.Ring();
        Assert.StartsWith("CN=second", watch.Identity.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("garbage", "holds no certificate")]
    [InlineData("", "holds no certificate")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "cannot be read")]
    [InlineData(null, "cannot be read")]
    [InlineData("expired", "has expired")]
    [InlineData("other", "does not hold the key")]
    public async Task A_pair_that_cannot_be_used_changes_nothing_and_is_said_once(string? content, string says)
    {
        using var watch = await StartAsync();
        if (content == "expired")
        {
            _files.Put(_files.Authority.Node("second", DateTimeOffset.UtcNow.AddMinutes(-1)));
        }
        else if (content is null)
        {
            File.Delete(_files.Settings.Certificate);
        }
        else
        {
            TestAuthority.Put(_files.Settings.Certificate, content == "other" ? _files.Authority.Node("second").ExportCertificatePem() : content);
        }

        watch.Look();
        var warning = await Wait.For(_warned.Reader.ReadAsync().AsTask(), "the warning");
        while (!warning.Contains(says, StringComparison.Ordinal))
        {
            // The new key was there before its certificate.
            warning = await Wait.For(_warned.Reader.ReadAsync().AsTask(), $"a warning that it {says}");
        }

        Assert.Contains(_files.Settings.Certificate, warning, StringComparison.Ordinal);
        Assert.Contains("stay in force", warning, StringComparison.Ordinal);
        watch.Look();
        Assert.False(_warned.Reader.TryRead(out _));
        Assert.StartsWith("CN=first", watch.Identity.ToString(), StringComparison.Ordinal);
        Assert.NotNull(watch.Trouble);

        _files.Put(_files.Authority.Node("third"));
        Assert.Contains("CN=third", await ToldAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public void At_the_start_what_is_wrong_is_said_with_its_file()
    {
        File.WriteAllText(_files.Settings.Key, "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----");
        Assert.Contains("without one", MustFail(_files.Settings.Key), StringComparison.Ordinal);
        File.WriteAllText(_files.Settings.Key, "garbage");
        Assert.Contains("BEGIN PRIVATE KEY", MustFail(_files.Settings.Key), StringComparison.Ordinal);
        File.WriteAllText(_files.Settings.Key, TestAuthority.KeyOf(_files.Authority.Node("other")));
        Assert.Contains("does not hold the key", MustFail(_files.Settings.Key), StringComparison.Ordinal);
        File.Delete(_files.Settings.Key);
        Assert.Contains("cannot be read", MustFail(_files.Settings.Key), StringComparison.Ordinal);
    }

    [Fact]
    public void A_node_whose_certificate_has_expired_starts_and_says_so()
    {
        _files.Put(_files.Authority.Node("late", DateTimeOffset.UtcNow.AddMinutes(-1)));
        using var watch = _files.Open(warn: warned => _warned.Writer.TryWrite(warned));
        Assert.True(_warned.Reader.TryRead(out var warning));
        Assert.Contains("has expired", warning, StringComparison.Ordinal);
    }

    private string MustFail(string file)
    {
        var message = Assert.Throws<TlsException>(() => _files.Open()).Message;
        Assert.Contains(file, message, StringComparison.Ordinal);
        return message;
    }

    private async Task<TlsWatch> StartAsync()
    {
        var watch = _files.Open(tell: told => _told.Writer.TryWrite(told), warn: warned => _warned.Writer.TryWrite(warned));
        Assert.Contains("CN=first", await ToldAsync(), StringComparison.Ordinal);
        watch.Start();
        return watch;
    }

    private Task<string> ToldAsync() => Wait.For(_told.Reader.ReadAsync().AsTask(), "what is in force");
}
