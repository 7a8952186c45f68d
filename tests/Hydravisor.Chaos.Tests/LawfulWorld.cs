using System.Globalization;
using Hydravisor.Chaos.Checking;
using Hydravisor.Chaos.Histories;

namespace Hydravisor.Chaos.Tests;

/// <summary>Makes a history by chance in which all promises are kept, and the state that it ends in. Lists are open: what is to be found is planted in them.</summary>
internal sealed class LawfulWorld
{
    private static readonly string[] Names = ["node-1", "node-2", "node-3"];
    private readonly Random _chance;
    private readonly List<Vm> _vms = [];
    private int _requests;
    private int _connections = 3;

    public LawfulWorld(int seed, int steps)
    {
        _chance = new Random(seed);

        // So that there is always something of each kind.
        foreach (var _ in Names)
        {
            Create();
        }

        Delete(_vms[0]);
        Query(_vms[1]);
        List();
        Follow(_vms[1]);
        Query(_vms[1]);
        for (var step = 0; step < steps; step++)
        {
            var vm = _vms[_chance.Next(1, _vms.Count)];
            ((Action)(_chance.Next(8) switch
            {
                0 => Create,
                1 when !vm.Deleted && _vms.IndexOf(vm) > 2 => () => Delete(vm),
                2 or 3 when !vm.Deleted => () => Change(vm),
                4 => List,
                5 when !vm.Deleted => () => Follow(vm),
                _ when !vm.Deleted => () => Query(vm),
                _ => List,
            }))();
        }
    }

    public List<HistoryEvent> Events { get; } = [];

    public List<StoredRow> Journal { get; } = [];

    public List<Finding> Troubles { get; } = [];

    public List<PlacedVm> Places => _places ??= [.. _vms.Select(vm => new PlacedVm(vm.Id, vm.Node, vm.Deleted ? "deleted" : "there"))];

    public List<Guest> Guests => _guests ??=
        [.. Living.SelectMany(vm => new[] { new Guest(vm.Node, vm.Id, vm.State switch { "running" => "running", "suspended" => "paused", _ => "off" }), new Guest(vm.Node, vm.Id, "directory") })];

    public Dictionary<string, List<SeenState>> Lists => _lists ??= Names.ToDictionary(node => node, _ => Living.Select(vm => vm.Seen).ToList());

    /// <summary>A VM that nobody deleted.</summary>
    public SeenState Kept => _vms[1].Seen;

    /// <summary>One that was deleted.</summary>
    public string Gone => _vms[0].Id;

    private List<PlacedVm>? _places;
    private List<Guest>? _guests;
    private Dictionary<string, List<SeenState>>? _lists;

    private IEnumerable<Vm> Living => _vms.Where(vm => !vm.Deleted);

    /// <summary>The rules that are broken.</summary>
    public IReadOnlyList<string> Broken() =>
        [.. Checker.Check(Events, new FinalState(Lists.ToDictionary(list => list.Key, list => (IReadOnlyList<SeenState>)list.Value), Places, Journal, Guests, Troubles)).Select(finding => finding.Rule).Distinct()];

    /// <summary>The time of the next event.</summary>
    public TimeSpan Now => TimeSpan.FromMilliseconds(Events.Count);

    private void Create()
    {
        var vm = new Vm($"vm-{_vms.Count:x12}", Names[_chance.Next(Names.Length)]);
        Ask("vm/create", null, vm, requestId => Store(vm, requestId, "vm.created.v1", "vm.provisioned.v1", "vm.boot-begun.v1", "vm.domain-started.v1", "vm.guest-ready.v1"));
        (vm.State, vm.Incarnation) = ("running", 1);
        _vms.Add(vm);
    }

    private void Delete(Vm vm)
    {
        Ask("vm/delete", vm.Id, vm, requestId => Store(vm, requestId, "vm.delete-accepted.v1", "vm.deleted.v1"));
        vm.Deleted = true;
    }

    private void Change(Vm vm)
    {
        var (type, manifests, state) = vm.State switch
        {
            "running" when _chance.Next(2) == 0 => ("vm/suspend", new[] { "vm.suspend-accepted.v1", "vm.suspended.v1" }, "suspended"),
            "running" => ("vm/stop", ["vm.stop-accepted.v1", "vm.stopped.v1"], "stopped"),
            "suspended" => ("vm/resume", ["vm.resume-accepted.v1", "vm.resumed.v1"], "running"),
            _ => ("vm/start", ["vm.boot-begun.v1", "vm.domain-started.v1", "vm.guest-ready.v1"], "running"),
        };
        Ask(type, vm.Id, vm, requestId => Store(vm, requestId, manifests));
        (vm.State, vm.Incarnation) = (state, vm.Incarnation + (type == "vm/start" ? 1 : 0));
        var connection = _chance.Next(1, 4);
        Events.Add(new Heard(Now, connection, connection, Names[connection - 1], vm.Seen));
    }

    private void Query(Vm vm) => Look("vm/state", vm.Id, [vm.Seen]);

    private void List() => Look("vm/list", null, [.. Living.Select(each => each.Seen)]);

    private void Look(string type, string? vm, SeenState[] states)
    {
        var (connection, requestId) = (_chance.Next(1, 4), NextRequestId());
        Events.Add(new Asked(Now, connection, connection, Names[connection - 1], requestId, type, vm));
        Events.Add(new Answered(Now, connection, connection, Names[connection - 1], requestId, type, vm, 0, null, states.Length == 1 ? states[0].Incarnation : null, states));
    }

    private void Follow(Vm vm)
    {
        var connection = ++_connections;
        var next = vm.Logged == 0 ? 1 : _chance.Next(1, (int)vm.Logged + 1);
        var end = next + _chance.Next(2, 6);
        Events.Add(new LogBegun(Now, 1, connection, "node-1", vm.Id, next));
        for (var number = next; number < end; number++)
        {
            if (number == next + 1 && _chance.Next(3) == 0)
            {
                Events.Add(new LogGap(Now, 1, connection, "node-1", vm.Id, number, number + 2));
                (number, end) = (number + 2, end + 2);
                continue;
            }

            Events.Add(new LogLine(Now, 1, connection, "node-1", vm.Id, number, string.Create(CultureInfo.InvariantCulture, $"line {number}")));
        }

        vm.Logged = Math.Max(vm.Logged, end);
    }

    // Some are refused or lost once, and repeated: what was lost may have been carried out.
    private void Ask(string type, string? vmId, Vm vm, Action<string> carryOut)
    {
        var (client, requestId) = (_chance.Next(1, 4), NextRequestId());
        var (connection, node) = (client, Names[client - 1]);
        var fate = _chance.Next(4);
        Events.Add(new Asked(Now, client, connection, node, requestId, type, vmId));
        if (fate < 2)
        {
            if (fate == 0)
            {
                carryOut(requestId);
            }

            Events.Add(fate == 0
                ? new Unanswered(Now, client, connection, node, requestId, type, vmId)
                : new Answered(Now, client, connection, node, requestId, type, vmId, 503, "not now", null, []));
            Events.Add(new Asked(Now, client, connection, node, requestId, type, vmId));
        }

        if (fate != 0)
        {
            carryOut(requestId);
        }

        Events.Add(new Answered(Now, client, connection, node, requestId, type, vm.Id, 0, null, vm.Incarnation, []));
    }

    private void Store(Vm vm, string requestId, params string[] manifests)
    {
        // An actor's life ends now and then.
        vm.Writer = vm.Writer.Length == 0 || _chance.Next(3) == 0 ? $"writer-{Journal.Count}" : vm.Writer;
        foreach (var (index, manifest) in manifests.Index())
        {
            Journal.Add(new StoredRow($"vm|{vm.Node}|{vm.Id}", ++vm.Revision, Journal.Count + 1, manifest, vm.Writer, index == 0 ? requestId : null));
        }
    }

    private string NextRequestId() => string.Create(CultureInfo.InvariantCulture, $"r-{++_requests}");

    private sealed class Vm(string id, string node)
    {
        public string Id { get; } = id;

        public string Node { get; } = node;

        public string State { get; set; } = "provisioning";

        public string Writer { get; set; } = "";

        public long Incarnation { get; set; }

        public long Revision { get; set; }

        public long Logged { get; set; }

        public bool Deleted { get; set; }

        public SeenState Seen => new(Id, State, Node, Incarnation, Revision);
    }
}
