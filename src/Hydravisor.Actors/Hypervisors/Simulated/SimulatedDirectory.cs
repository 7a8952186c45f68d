using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Hydravisor.Actors.Hypervisors.Disks;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hypervisors.Simulated;

/// <summary>Simulated domains in a directory, so that their guests outlive the processes that look after them.</summary>
/// <remarks>
/// <code>
/// domains/vm-….json   one domain; written beside and renamed, so a reader sees all of it or nothing
/// operations.log      one line per effect on a domain
/// lock                held during one operation, by whichever process
/// down                there: the hypervisor cannot be reached
/// vms/vm-…/           the VM's own directory: disk.qcow2, console.log
/// </code>
/// The domain's file says which lines its change appends to the log, so a kill between the two is mended at the next
/// <see cref="OpenAsync"/>: the log holds each effect exactly once. Safe for all threads and several processes.
/// </remarks>
internal sealed class SimulatedDirectory
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    private readonly SimulatedSettings _settings;
    private readonly TimeProvider _time;
#pragma warning disable CA1001 // A semaphore whose wait handle nobody asks for holds nothing, and calls may outlive the hypervisor's end.
    private readonly SemaphoreSlim _one = new(1, 1);
#pragma warning restore CA1001

    /// <summary>Names a directory; touches nothing yet.</summary>
    public SimulatedDirectory(SimulatedSettings settings, TimeProvider time)
    {
        _settings = settings;
        _time = time;
        var root = Path.GetFullPath(settings.Directory);
        Domains = Path.Combine(root, "domains");
        OperationsLog = Path.Combine(root, "operations.log");
        DownFile = Path.Combine(root, "down");
        Vms = Path.GetFullPath(settings.VmsDirectory ?? Path.Combine(root, "vms"));
        LockFile = Path.Combine(root, "lock");
        Scratch = Path.Combine(root, "tmp");
    }

    /// <summary>Where the domains' files are.</summary>
    public string Domains { get; }

    /// <summary>The log of operations.</summary>
    public string OperationsLog { get; }

    /// <summary>The file that is there as long as the hypervisor cannot be reached.</summary>
    public string DownFile { get; }

    /// <summary>Where the VMs' directories are.</summary>
    public string Vms { get; }

    private string LockFile { get; }

    private string Scratch { get; }

    /// <summary>Makes what is missing and mends what a kill left half done.</summary>
    public async Task OpenAsync()
    {
        Directory.CreateDirectory(Domains);
        Directory.CreateDirectory(Scratch);
        Directory.CreateDirectory(Vms);
        using (await LockAsync().ConfigureAwait(false))
        {
            var noted = ReadOperations().GroupBy(operation => operation.Id).ToDictionary(lines => lines.Key, lines => lines.LongCount());
            foreach (var domain in ReadFiles())
            {
                var missing = (int)(domain.Lines - noted.GetValueOrDefault(domain.Id));
                Append([.. domain.LastLines.Skip(domain.LastLines.Count - missing)]);
                if (domain.Gone)
                {
                    Forget(domain.Id);
                }
            }
        }
    }

    /// <summary>Does something to one domain, alone of all processes, and keeps what came of it.</summary>
    public async Task<T> ChangeAsync<T>(InstanceId id, Func<SimulatedDomains, DateTimeOffset, T> operation)
    {
        using (await LockAsync().ConfigureAwait(false))
        {
            var domains = new SimulatedDomains(_settings.Guest);
            var before = Read(id);
            if (before is not null)
            {
                domains.Put(before);
            }

            var result = operation(domains, _time.GetUtcNow());
            Keep(id, before, domains);
            return result;
        }
    }

    /// <summary>One domain as it stands in its file; null where there is none.</summary>
    public SimulatedDomain? Read(InstanceId id) => ReadFile(FileOf(id), id) is { Gone: false } domain ? domain : null;

    /// <summary>All domains.</summary>
    public IReadOnlyList<SimulatedDomain> ReadAll() => [.. ReadFiles().Where(domain => !domain.Gone)];

    /// <summary>The log of operations.</summary>
    public IReadOnlyList<SimulatedOperation> ReadOperations() =>
        File.Exists(OperationsLog) ? [.. File.ReadLines(OperationsLog).Select(SimulatedOperation.Parse)] : [];

    /// <summary>The instance whose domain has that file, or null.</summary>
    public static InstanceId? IdOf(string? file) =>
        Path.GetExtension(file) == ".json" && InstanceId.TryParse(Path.GetFileNameWithoutExtension(file), out var id) ? id : null;

    /// <summary>The VM's console log.</summary>
    public string ConsoleLog(InstanceId id) => Path.Combine(VmDirectory(id), "console.log");

    /// <summary>The VM's disk.</summary>
    public string Disk(InstanceId id) => Path.Combine(VmDirectory(id), "disk.qcow2");

    /// <summary>The VM's guest log.</summary>
    public string GuestLog(InstanceId id) => Path.Combine(VmDirectory(id), "log.0");

    /// <summary>Shows on the VM's console what was typed into it, as a terminal echoes: a carriage return begins a new line.</summary>
    public void Echo(InstanceId id, ReadOnlySpan<byte> typed)
    {
        using var console = new FileStream(ConsoleLog(id), FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        console.Write(Encoding.Latin1.GetBytes(Encoding.Latin1.GetString(typed).Replace("\r", "\r\n", StringComparison.Ordinal)));
    }

    /// <summary>Puts a disk that came from another node in its place.</summary>
    public Outcome PutDisk(InstanceId id)
    {
        Directory.CreateDirectory(VmDirectory(id));
        return ImportedDisk.Of(Vms, id).PutAt(Disk(id));
    }

    /// <summary>Makes the VM's directory and disk, where they are missing.</summary>
    public void MakeVm(InstanceId id)
    {
        Directory.CreateDirectory(VmDirectory(id));
        using var disk = File.Open(Disk(id), FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite);
        using var console = File.Open(ConsoleLog(id), FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite);
    }

    /// <summary>Removes the VM's directory.</summary>
    public void RemoveVm(InstanceId id)
    {
        ImportedDisk.Of(Vms, id).Drop();
        if (Directory.Exists(VmDirectory(id)))
        {
            Directory.Delete(VmDirectory(id), recursive: true);
        }
    }

    private string VmDirectory(InstanceId id) => Path.Combine(Vms, id.Value);

    private string FileOf(InstanceId id) => Path.Combine(Domains, id.Value + ".json");

    private IEnumerable<SimulatedDomain> ReadFiles() =>
        Directory.EnumerateFiles(Domains, "*.json")
            .Select(file => IdOf(file) is { } id ? ReadFile(file, id) : null)
            .OfType<SimulatedDomain>();

    private static SimulatedDomain? ReadFile(string file, InstanceId id)
    {
        try
        {
            var domain = JsonSerializer.Deserialize(File.ReadAllBytes(file), SimulatedJson.Default.SimulatedDomain);
            return domain is null ? null : domain with { Id = id };
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    private void Keep(InstanceId id, SimulatedDomain? before, SimulatedDomains domains)
    {
        if (domains.Log.Count == 0)
        {
            return;
        }

        var after = domains.Domains.GetValueOrDefault(id) ?? before! with { Gone = true };
        var lines = domains.Log.Select(operation => operation.ToLine()).ToList();
        Write(after with { Lines = (before?.Lines ?? 0) + lines.Count, LastLines = lines });
        Append(lines);
        WriteConsole(id, domains.Log);
        if (after.Gone)
        {
            Forget(id);
        }
    }

    private void Write(SimulatedDomain domain)
    {
        var scratch = Path.Combine(Scratch, domain.Id.Value);
        File.WriteAllBytes(scratch, JsonSerializer.SerializeToUtf8Bytes(domain, SimulatedJson.Default.SimulatedDomain));
        File.Move(scratch, FileOf(domain.Id), overwrite: true);
    }

    private void Append(List<string> lines)
    {
        if (lines.Count > 0)
        {
            using var log = new FileStream(OperationsLog, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
            log.Write(Utf8.GetBytes(string.Join('\n', lines) + "\n"));
        }
    }

    private void Forget(InstanceId id) => File.Delete(FileOf(id));

    private void WriteConsole(InstanceId id, IReadOnlyList<SimulatedOperation> operations)
    {
        if (!Directory.Exists(VmDirectory(id)))
        {
            return;
        }

        var text = string.Concat(operations.Select(operation => operation.Effect switch
        {
            SimulatedEffect.Started or SimulatedEffect.Reset => string.Create(
                CultureInfo.InvariantCulture, $"[    0.000000] Linux version 6.1.0 (simulated), boot {operation.Boot}, run {operation.Run}\r\n[    0.120000] Run /init\r\n"),
            SimulatedEffect.ShowedLife => $"hydravisor: ready {id}\r\n",
            SimulatedEffect.PoweredOff => "[  100.000000] reboot: Power down\r\n",
            _ => "",
        }));
        if (text.Length > 0)
        {
            using var console = new FileStream(ConsoleLog(id), FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
            console.Write(Utf8.GetBytes(text));
        }
    }

    // The lock file is held by whichever process is at work; the system lets go of it when that process dies.
    private async Task<Held> LockAsync()
    {
        await _one.WaitAsync().ConfigureAwait(false);
        while (true)
        {
            try
            {
                return new Held(_one, new FileStream(LockFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            }
            catch (IOException) when (File.Exists(LockFile))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(1), _time).ConfigureAwait(false);
            }
            catch
            {
                _one.Release();
                throw;
            }
        }
    }

    private sealed class Held(SemaphoreSlim one, FileStream file) : IDisposable
    {
        public void Dispose()
        {
            file.Dispose();
            one.Release();
        }
    }
}

/// <summary>The form of a domain's file.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true, WriteIndented = true)]
[JsonSerializable(typeof(SimulatedDomain))]
internal sealed partial class SimulatedJson : JsonSerializerContext;
