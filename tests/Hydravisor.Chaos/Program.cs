using System.CommandLine;
using System.Security.Cryptography;
using Hydravisor.Chaos;

var time = new Option<TimeSpan>("--time") { Description = "How long faults go on.", DefaultValueFactory = _ => TimeSpan.FromMinutes(15) };
var seed = new Option<int>("--seed") { Description = "What all chance begins with: the same one makes the same faults.", DefaultValueFactory = _ => RandomNumberGenerator.GetInt32(1_000_000) };
var nodes = new Option<int>("--nodes") { Description = "How many nodes.", DefaultValueFactory = _ => 3 };
var simulated = new Option<bool>("--simulated") { Description = "Guests are records in a directory, and no QEMU is needed." };
var rolling = new Option<bool>("--rolling") { Description = "Breaks nothing: ends each node in order and starts it again, one after the other, as for a new version. --time does not count." };
var drains = new Option<bool>("--drains") { Description = "Nodes are drained and resumed meanwhile." };
var found = new Option<DirectoryInfo>("--found") { Description = "Where history and logs of a run are kept that found something.", DefaultValueFactory = _ => new DirectoryInfo("found") };
var root = new RootCommand("Makes a cluster on this machine, works with it, breaks parts of it all the while, and says whether it kept its promises.") { time, seed, nodes, simulated, rolling, drains, found };
root.SetAction(async (parsed, stop) =>
{
    var options = new ChaosOptions(parsed.GetValue(seed), parsed.GetValue(time), parsed.GetValue(nodes), parsed.GetValue(simulated), parsed.GetValue(rolling), parsed.GetValue(drains), parsed.GetValue(found));
    var report = await new ChaosRun(options, Console.WriteLine).RunAsync(stop);
    return report.Findings.Count == 0 ? 0 : 1;
});
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromMinutes(1) });
