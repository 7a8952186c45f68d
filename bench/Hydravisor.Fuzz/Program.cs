using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Hydravisor.Fuzz;

var time = new Option<TimeSpan>("--time") { Description = "How long, such as 00:05:00.", DefaultValueFactory = _ => TimeSpan.FromMinutes(1) };
var seed = new Option<int>("--seed") { Description = "What to begin with: the same one makes the same streams.", DefaultValueFactory = _ => Environment.TickCount };
var found = new Option<DirectoryInfo>("--found") { Description = "Where streams are kept that broke a promise.", DefaultValueFactory = _ => new DirectoryInfo("found") };
var root = new RootCommand("Sends streams of bytes, right and wrong, through the gateway's stages, and says which break a promise.") { time, seed, found };
root.SetAction(async (parsed, stop) =>
{
    const int FindingsMax = 20;
    var (begun, number, directory) = (Stopwatch.StartNew(), parsed.GetValue(seed), parsed.GetValue(found)!);
    var corpus = Corpus.Read(Path.Combine(AppContext.BaseDirectory, "corpus"));
    using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
    over.CancelAfter(parsed.GetValue(time));
    using var run = new FuzzRun(number, [.. corpus.Select(entry => entry.Bytes)]);
    var findings = 0;
    await run.RunAsync(
        long.MaxValue,
        finding =>
        {
            directory.Create();
            var file = Path.Combine(directory.FullName, string.Create(CultureInfo.InvariantCulture, $"found-{number}-{finding.Number}.lines"));
            File.WriteAllText(file, Corpus.TextOf(finding.Stream));
            Console.WriteLine($"{file}, lines of {finding.LineBytesMax} bytes: {finding.Why}");
            if (++findings == FindingsMax)
            {
                over.Cancel();
            }
        },
        over.Token);
    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"seed {number}: {run.Streams} streams, {run.Lines} lines, {run.Bytes >> 20} MiB in {begun.Elapsed.TotalSeconds:0} s ({run.Streams / begun.Elapsed.TotalSeconds:0} streams a second); {findings} findings"));
    return findings == 0 ? 0 : 1;
});
return await root.Parse(args).InvokeAsync();
