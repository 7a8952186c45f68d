using System.Formats.Tar;
using System.IO.Compression;
using System.Text.Json;
using Hydravisor.Actors.Audit.Checkpoints;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Tests.Audit;
using Hydravisor.Actors.Vms;
using Hydravisor.Host.Verbs;
using Hydravisor.Protocol;

namespace Hydravisor.Host.Tests;

public sealed class AuditExportTests : DataDirectoryTest
{
    private static readonly string Vm = WrittenJournal.Id.Value;
    private static readonly InstanceId Other = InstanceId.Parse("vm-0000000000ff");

    private string Bundle => Path.Combine(DataDirectory, "evidence.tar.gz");

    private string Key => Path.Combine(DataDirectory, NodeKey.PublicName);

    public override Task InitializeAsync()
    {
        var journal = WrittenJournal.OfOneVm();
        journal.Add(WrittenJournal.StreamOf(Other), VmEvents.Vocabulary, WrittenJournal.Asked("r"), new VmEvents.Created(Other, "node-1", "a", null, "d", WrittenJournal.Spec(), 1));
        var policy = new LedgerEvents.PolicyInForce("73ee7ce9f00c2bc5f40a2b1e0dd8bd91a5e4a9fbb4f81bbf1d3fa1c2f29a2f0b", "hydravisor-policy.v1\n");
        policy = policy with { Digest = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(policy.Text))) };
        foreach (var (cause, what) in new (Cause, ILedgerEvent)[]
        {
            (Cause.Observed("access:changed"), policy),
            (WrittenJournal.Asked("attach-rule"), new LedgerEvents.Attached(Vm, 1, "operator", Streamed: true, "10.0.0.7:99")),
            (new Cause("a", "sandboxed", null, "c2", "default-deny", "p"), new LedgerEvents.Denied("vm/delete", Vm, 403, "the role may not", "10.0.0.8:1")),
            (WrittenJournal.Asked("attach-rule"), new LedgerEvents.Detached(Vm, "it was left", 3)),
        })
        {
            journal.Add("ledger|node-1", LedgerEvents.Vocabulary, cause, what);
        }

        using var key = NodeKey.Open(DataDirectory);
        journal.Sign(key);
        journal.Write(Path.Combine(DataDirectory, "journal.db"));
        foreach (var (folder, vm) in new[] { ("recordings", Vm), ("vm-logs", Vm), ("vm-logs", Other.Value) })
        {
            Directory.CreateDirectory(Path.Combine(DataDirectory, folder, vm));
            File.WriteAllText(Path.Combine(DataDirectory, folder, vm, "part"), folder + vm);
        }

        return base.InitializeAsync();
    }

    [Fact]
    public async Task A_bundle_has_all_about_a_vm_and_is_verified_elsewhere_by_the_public_key()
    {
        Assert.Equal(ExitCode.Ok, await Run.RunAsync("audit", "export", "--vm", Vm, "--to", Bundle));
        await using var elsewhere = new VerbRun();

        Assert.Equal(ExitCode.Ok, await elsewhere.RunAsync("audit", "verify", "--bundle", Bundle, "--public-key", Key, "-o", "json"));

        var check = JsonDocument.Parse(elsewhere.Output).RootElement;
        Assert.Equal((4, 13, true), (check.GetProperty("streams").GetInt32(), check.GetProperty("events").GetInt32(), check.GetProperty("signatures_checked").GetBoolean()));
        var vm = Assert.Single(check.GetProperty("vms").EnumerateArray());
        Assert.Equal((Vm, new string('a', 64)), (vm.GetProperty("id").GetString(), vm.GetProperty("image_sha256").GetString()));
        Assert.Equal(["journal.db", "manifest.json", "manifest.sig", "recordings/" + Vm + "/part", "vm-logs/" + Vm + "/part"], Names().Where(name => !name.StartsWith("policies", StringComparison.Ordinal)));
        Assert.Single(Names(), name => name.StartsWith("policies/", StringComparison.Ordinal));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Bundle));
    }

    [Theory]
    [InlineData("vm-logs/vm-0123456789ab/part", "is not what was exported")]
    [InlineData("manifest.json", "is not signed by the key")]
    [InlineData("journal.db", "is not what was exported")]
    public async Task Whatever_is_altered_in_a_bundle_is_named(string file, string said)
    {
        Assert.Equal(ExitCode.Ok, await Run.RunAsync("audit", "export", "--to", Bundle));
        Repack(name => name == file ? bytes => [.. bytes, (byte)'\n'] : null);
        await using var elsewhere = new VerbRun();
        Assert.Equal(ExitCode.Refused, await elsewhere.RunAsync("audit", "verify", "--bundle", Bundle, "--public-key", Key));
        Assert.Contains(said, elsewhere.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_missing_and_one_that_was_put_in_are_named()
    {
        Assert.Equal(ExitCode.Ok, await Run.RunAsync("audit", "export", "--to", Bundle));
        Repack(name => name.StartsWith("recordings/", StringComparison.Ordinal) ? _ => null : null, "recordings/planted");
        await using var elsewhere = new VerbRun();
        Assert.Equal(ExitCode.Refused, await elsewhere.RunAsync("audit", "verify", "--bundle", Bundle));
        Assert.Contains($"recordings/{Vm}/part is missing.", elsewhere.Output, StringComparison.Ordinal);
        Assert.Contains("recordings/planted was put in after the export.", elsewhere.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../outside")]
    [InlineData("/tmp/hydravisor-outside")]
    public async Task A_bundle_that_would_write_elsewhere_is_none(string name)
    {
        Assert.Equal(ExitCode.Ok, await Run.RunAsync("audit", "export", "--to", Bundle));
        Repack(_ => null, name);
        await using var elsewhere = new VerbRun();
        Assert.Equal(ExitCode.Unreadable, await elsewhere.RunAsync("audit", "verify", "--bundle", Bundle));
        Assert.Contains("is no plain file of it", elsewhere.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("there is no VM", ExitCode.Unreadable, "--vm", "vm-00000000dead")]
    [InlineData("a bundle has whole streams", ExitCode.Usage, "--since", "2026-11-23")]
    public async Task What_cannot_be_exported_is_said(string said, int code, params string[] more)
    {
        Assert.Equal(code, await Run.RunAsync(["audit", "export", "--to", Bundle, .. more]));
        Assert.Contains(said == "there is no VM" ? "has no VM" : said, Run.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Bundle));
    }

    [Fact]
    public async Task Evidence_is_not_overwritten_and_what_is_no_bundle_is_said()
    {
        await File.WriteAllTextAsync(Bundle, "mine");
        Assert.Equal(ExitCode.Refused, await Run.RunAsync("audit", "export", "--to", Bundle));
        Assert.Equal("mine", await File.ReadAllTextAsync(Bundle));
        await using var verify = new VerbRun();
        Assert.Equal(ExitCode.Unreadable, await verify.RunAsync("audit", "verify", "--bundle", Bundle));
    }

    [Fact]
    public async Task Events_are_exported_as_ocsf()
    {
        Assert.Equal(ExitCode.Ok, await Run.RunAsync("audit", "export", "--format", "ocsf", "--to", "-", "--vm", Vm));
        var events = Run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(10, events.Count);
        var denied = Assert.Single(events, each => each.GetProperty("metadata").GetProperty("event_code").GetString() == "ledger.denied.v1");
        Assert.Equal((600399, 2, 3, "403"), (
            denied.GetProperty("type_uid").GetInt32(), denied.GetProperty("status_id").GetInt32(), denied.GetProperty("severity_id").GetInt32(), denied.GetProperty("status_code").GetString()));
        Assert.Equal(("a", "10.0.0.8", "vm/delete", Vm), (
            denied.GetProperty("actor").GetProperty("user").GetProperty("uid").GetString(),
            denied.GetProperty("src_endpoint").GetProperty("ip").GetString(),
            denied.GetProperty("api").GetProperty("operation").GetString(),
            denied.GetProperty("resources")[0].GetProperty("uid").GetString()));
    }

    [Fact]
    public async Task Events_in_a_file_are_not_overwritten_either()
    {
        var file = Path.Combine(DataDirectory, "events.ndjson");
        Assert.Equal(ExitCode.Ok, await Run.RunAsync("audit", "export", "--format", "ocsf", "--to", file, "--vm", Vm));
        Assert.Equal(10, File.ReadLines(file).Count());
        await using var again = new VerbRun();
        again.Variables["HYDRAVISOR_DATA"] = DataDirectory;
        Assert.Equal(ExitCode.Unreadable, await again.RunAsync("audit", "export", "--format", "ocsf", "--to", file));
        Assert.Contains("events.ndjson is there already", again.Error, StringComparison.Ordinal);
        Assert.Equal(10, File.ReadLines(file).Count());
    }

    [Theory]
    [InlineData("2026-11-23T12:01:30Z", 1)]
    [InlineData("2026-11-23T12:03:30Z", 0)]
    public async Task At_says_who_was_at_the_terminal_and_which_policy_was_in_force(string time, int present)
    {
        Assert.Equal(ExitCode.Ok, await Run.RunAsync("audit", "at", time, "--vm", Vm, "-o", "json"));
        var past = JsonDocument.Parse(Run.Output).RootElement;
        Assert.Equal(64, past.GetProperty("policy_in_force").GetString()!.Length);
        var terminals = past.GetProperty("terminals").EnumerateArray().ToList();
        Assert.Equal(present, terminals.Count);
        Assert.All(terminals, each => Assert.Equal((WrittenJournal.Agent, "operator", "c1"), (each.GetProperty("agent").GetString(), each.GetProperty("role").GetString(), each.GetProperty("connection").GetString())));
    }

    private List<string> Names()
    {
        using var packed = new GZipStream(File.OpenRead(Bundle), CompressionMode.Decompress);
        using var tar = new TarReader(packed);
        var names = new List<string>();
        while (tar.GetNextEntry() is { } entry)
        {
            if (entry.EntryType != TarEntryType.Directory)
            {
                names.Add(entry.Name);
            }
        }

        return [.. names.Order(StringComparer.Ordinal)];
    }

    // What somebody does to it on the way; a change that yields null leaves the file out.
    private void Repack(Func<string, Func<byte[], byte[]?>?> change, string? planted = null)
    {
        var files = new List<(string Name, byte[] Bytes)>();
        using (var packed = new GZipStream(File.OpenRead(Bundle), CompressionMode.Decompress))
        using (var tar = new TarReader(packed))
        {
            while (tar.GetNextEntry(copyData: true) is { } entry)
            {
                if (entry.EntryType == TarEntryType.Directory)
                {
                    continue;
                }

                using var content = new MemoryStream();
                entry.DataStream?.CopyTo(content);
                var bytes = change(entry.Name) is { } changed ? changed(content.ToArray()) : content.ToArray();
                if (bytes is not null)
                {
                    files.Add((entry.Name, bytes));
                }
            }
        }

        if (planted is not null)
        {
            files.Add((planted, [1]));
        }

        using var written = new GZipStream(File.Create(Bundle), CompressionLevel.Fastest);
        using var writer = new TarWriter(written);
        foreach (var (name, bytes) in files)
        {
            writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(bytes) });
        }
    }
}
