using System.Collections.Concurrent;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Logs;
using Hydravisor.Actors.Tests.Feeds;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Tests.Logs;

/// <summary>The logs of a node in a directory of their own, with the files that its guests write.</summary>
internal sealed class LogsNode : IAsyncDisposable
{
    public static readonly InstanceId Vm = InstanceId.Parse("vm-0123456789ab");

    private readonly TemporaryDirectory _directory = new();

    public LogsNode(LogsSettings? settings = null)
    {
        Settings = settings ?? new LogsSettings();
        MakeVm(Vm);
        Logs = Open();
    }

    public LogsSettings Settings { get; }

    public NodeLogs Logs { get; private set; }

    public HashSet<InstanceId> Alive { get; } = [Vm];

    public ConcurrentQueue<(InstanceId Id, string? Trouble)> Troubles { get; } = [];

    public string Directory => Path.Combine(_directory.Path, "logs");

    public TurnedFile Console => new(SourcesOf(Vm).Console);

    public TurnedFile Port => new(SourcesOf(Vm).Port);

    public string Pipe => SourcesOf(Vm).PortPipe!;

    public void MakeVm(InstanceId id) => System.IO.Directory.CreateDirectory(Path.Combine(_directory.Path, "vms", id.Value));

    public GuestLogs SourcesOf(InstanceId id)
    {
        var vm = Path.Combine(_directory.Path, "vms", id.Value);
        return new GuestLogs(Path.Combine(vm, "console.log"), Path.Combine(vm, "log.0"), Path.Combine(vm, "log.pipe"));
    }

    public async Task Restart()
    {
        await Logs.DisposeAsync();
        Logs = Open();
    }

    public async ValueTask DisposeAsync()
    {
        await Logs.DisposeAsync();
        _directory.Dispose();
    }

    private NodeLogs Open() => new(Settings, Directory, SourcesOf, Alive.Contains, TimeProvider.System, (id, why) => Troubles.Enqueue((id, why)));
}
