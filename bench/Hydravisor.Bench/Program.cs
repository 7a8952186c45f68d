using System.CommandLine;
using System.Net;
using System.Runtime.InteropServices;
using Hydravisor.Bench.Audited;
using Hydravisor.Bench.Cluster;
using Hydravisor.Bench.Codec;
using Hydravisor.Bench.Create;
using Hydravisor.Bench.Exec;
using Hydravisor.Bench.Idle;
using Hydravisor.Bench.Latency;
using Hydravisor.Bench.Logs;
using Hydravisor.Bench.Replay;
using Hydravisor.Bench.Results;
using Hydravisor.Bench.Scale;
using Hydravisor.Bench.Signed;
using Hydravisor.Bench.State;
using Hydravisor.Bench.Verify;
using Hydravisor.Bench.Wire;

var rounds = new Option<int>("--rounds") { Description = "How many rounds, each of both sides.", DefaultValueFactory = _ => 5, Recursive = true };
var vms = new Option<int>("--vms") { Description = "How many VMs the replayed node has.", DefaultValueFactory = _ => 10_000, Recursive = true };
var file = new Option<FileInfo?>("--out") { Description = "Append the results to this file, one JSON object a line.", Recursive = true };
var replayRounds = 3;

var root = new RootCommand("Measures Hydravisor against a peer in the same run.") { rounds, vms, file };
root.Add(Verb("state", "vm/state a second over one node.", parsed => StateBench.RunAsync(parsed.GetValue(rounds))));
root.Add(Verb("signed", "Signed messages a second, beside bare ones.", parsed => SignedBench.RunAsync(parsed.GetValue(rounds))));
root.Add(Verb("verify", "The check of a journal.", parsed => VerifyBench.RunAsync(parsed.GetValue(vms), parsed.GetValue(rounds))));
root.Add(Verb("audited", "Changes and reads in an audited role, beside one that is not.", parsed => AuditedBench.RunAsync(parsed.GetValue(rounds))));
root.Add(Verb("latency", "One vm/state alone.", parsed => LatencyBench.RunAsync(parsed.GetValue(rounds))));
root.Add(Verb("create", "vm/create to running, on QEMU.", parsed => CreateBench.RunAsync(parsed.GetValue(rounds))));
root.Add(Verb("exec", "vm/exec in a real guest.", parsed => ExecBench.RunAsync(parsed.GetValue(rounds))));
var peerAlone = new Option<bool>("--peer-alone") { Description = "NATS only: what this machine gives to it." };
var logs = Verb("logs", "What a guest says, to many who follow it.", parsed => LogsBench.RunAsync(parsed.GetValue(rounds), parsed.GetValue(peerAlone)));
logs.Add(peerAlone);
root.Add(logs);
root.Add(Verb("replay", "The start of a node with many VMs, and what memory each holds.", Replay));
root.Add(Verb("scale", "Placement and directory of a large cluster, simulated in this process.", parsed => ScaleBench.RunAsync(parsed.GetValue(rounds))));
root.Add(Verb("cluster", "Three nodes over one PostgreSQL on this machine, and a journal there beside a file.", parsed => ClusterBench.RunAsync(parsed.GetValue(rounds))));
root.Add(Verb("idle", "The memory of a node without VMs.", _ => IdleBench.RunAsync()));
root.Add(Verb("all", "All of these, in one table.", async parsed =>
[
    // First, since it says at once when its peer is missing.
    .. await LogsBench.RunAsync(parsed.GetValue(rounds)),
    .. await StateBench.RunAsync(parsed.GetValue(rounds)),
    .. await SignedBench.RunAsync(parsed.GetValue(rounds)),
    .. await VerifyBench.RunAsync(parsed.GetValue(vms), parsed.GetValue(rounds)),
    .. await AuditedBench.RunAsync(parsed.GetValue(rounds)),
    .. await LatencyBench.RunAsync(parsed.GetValue(rounds)),
    .. await CreateBench.RunAsync(parsed.GetValue(rounds)),
    .. await ExecBench.RunAsync(parsed.GetValue(rounds)),
    .. await Replay(parsed),
    .. await IdleBench.RunAsync(),
]));

var codec = new Command("codec", "One line decoded, one encoded (BenchmarkDotNet).");
codec.SetAction(_ => CodecBench.Run());
root.Add(codec);

var answerBytes = new Argument<int>("bytes");
var echo = new Command(EchoProcess.Verb, "The peer of state and latency.") { answerBytes };
echo.Hidden = true;
echo.SetAction(parsed => EchoServer.RunAsync(parsed.GetValue(answerBytes)));
root.Add(echo);

var endpoint = new Argument<string>("endpoint");
var count = new Argument<int>("count");
var counts = new Argument<string>("counts");
var request = new Argument<string>("request");
var answered = new Argument<string>("answered");
var subscribers = new Command(SubscribersProcess.Verb, "The subscribers of logs.") { endpoint, count, counts, request, answered };
subscribers.Hidden = true;
subscribers.SetAction(parsed => SubscribersProcess.Run(
    IPEndPoint.Parse(parsed.GetValue(endpoint)!),
    parsed.GetValue(count),
    parsed.GetValue(counts)!,
    new Subscription(parsed.GetValue(request)!, parsed.GetValue(answered)!)));
root.Add(subscribers);

// Whoever stops it early gets a process that ends in order: what is registered for its end stops nodes and removes domains.
using var interrupt = EndOn(PosixSignal.SIGINT);
using var terminate = EndOn(PosixSignal.SIGTERM);
using var hangUp = EndOn(PosixSignal.SIGHUP);
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });

static PosixSignalRegistration EndOn(PosixSignal signal) => PosixSignalRegistration.Create(signal, _ => Environment.Exit(1));

// A start with many VMs takes its time: fewer rounds do.
Task<IReadOnlyList<Measurement>> Replay(ParseResult parsed) =>
    ReplayBench.RunAsync(parsed.GetValue(vms), Math.Min(parsed.GetValue(rounds), replayRounds));

// A benchmark is no test: whatever it finds, it ends with 0.
Command Verb(string name, string description, Func<ParseResult, Task<IReadOnlyList<Measurement>>> run)
{
    var verb = new Command(name, description);
    verb.SetAction(async parsed => Report.Show(await run(parsed), parsed.GetValue(file)));
    return verb;
}
