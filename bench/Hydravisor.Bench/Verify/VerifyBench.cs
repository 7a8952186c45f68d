using Hydravisor.Actors.Audit;
using Hydravisor.Actors.Journal;
using Hydravisor.Bench.Replay;
using Hydravisor.Bench.Results;
using Hydravisor.EndToEnd.Tests.Harness;

namespace Hydravisor.Bench.Verify;

/// <summary>How many events of a journal <c>audit verify</c> checks in a second.</summary>
internal static class VerifyBench
{
    private const string Name = "verify";

    /// <summary>Measures.</summary>
    public static Task<IReadOnlyList<Measurement>> RunAsync(int vms, int rounds)
    {
        using var directory = new TestDirectory();
        WrittenNode.Write(directory.Path, vms, withDomains: false);
        var file = Path.Combine(directory.Path, "journal.db");
        List<double> rates = [], busy = [];

        // The first is for the compiler, and for the file to be in memory.
        for (var round = 0; round <= rounds; round++)
        {
            using var journal = JournalReader.Open(new JournalAddress.SqliteFile(file));
            var before = Environment.CpuUsage.TotalTime;
            var check = JournalCheck.Run(journal, heads: null, keys: [], witnessed: [], CancellationToken.None);
            Assert.Empty(check.Findings);
            Assert.Equal(vms * (WrittenNode.EventsPerVm + 1L), check.Events);
            if (round > 0)
            {
                rates.Add(check.Events / check.Elapsed.TotalSeconds);
                busy.Add(check.Events / (Environment.CpuUsage.TotalTime - before).TotalSeconds);
            }
        }

        return Task.FromResult<IReadOnlyList<Measurement>>(
        [
            new Measurement(Name, $"audit verify of {vms * (WrittenNode.EventsPerVm + 1)} events in {vms + 1} streams", rates.Median(), "/s") { Goal = Goal.AtLeast(200_000), Rounds = rates },
            new Measurement(Name, "the same in a second of processor time", busy.Median(), "/s") { Rounds = busy },
        ]);
    }
}
