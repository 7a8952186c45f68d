using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Libvirt.Guests;
using Hydravisor.Bench.Create;
using Hydravisor.Bench.Results;
using Hydravisor.Bench.Wire;
using Hydravisor.EndToEnd.Tests.Harness;
using Hydravisor.Protocol;

namespace Hydravisor.Bench.Exec;

/// <summary>How long a program in a real guest takes from the request to its exit code and outputs, against the agent by the binding alone.</summary>
internal static class ExecBench
{
    private const string Name = "exec";
    private const int TimesARound = 15;
    private const int OutputBytes = 4096;

    private static readonly (string What, string[] Argv, int Bytes)[] Programs =
    [
        ("/bin/true", ["/bin/true"], 0),
        ("4 KiB of output", ["/usr/bin/head", "-c", $"{OutputBytes}", "/dev/zero"], OutputBytes),
    ];

    /// <summary>Measures.</summary>
    public static async Task<IReadOnlyList<Measurement>> RunAsync(int rounds)
    {
        await using var world = await LibvirtNode.StartAsync();
        await using var connection = await world.Node.ConnectAsync();
        var created = await connection.AskAsync("""{"type":"vm/create","os":"debian-12","ram":"512MB"}""");
        var id = created.MustBeOk("vm/create").Id();
        await connection.BroadcastAsync(id, "running");
        using var bare = new BareExec(world.Libvirt, InstanceId.Parse(id));
        return [.. Programs.SelectMany(program => Measure(world.Node, bare, id, program, rounds))];
    }

    private static IEnumerable<Measurement> Measure(
        NodeUnderTest node, BareExec bare, string id, (string What, string[] Argv, int Bytes) program, int rounds)
    {
        var command = new GuestCommand(program.Argv, null, TimeSpan.FromSeconds(30), Limits.ExecOutputBytesMax);
        var request = $$"""{"type":"vm/exec","instance_id":"{{id}}","argv":{{JsonSerializer.Serialize(program.Argv)}}}""" + "\n";
        using var wire = new SingleQueries(node.Endpoint, Encoding.UTF8.GetBytes(request));
        void ByNode()
        {
            var answer = wire.Ask();
            Must(answer.IndexOf("\"exit_code\":0"u8) > 0 && answer.Length > program.Bytes, Encoding.UTF8.GetString(answer));
        }

        void ByBinding(GuestCommand its) => Must(bare.Run(its).Length == program.Bytes, "The output has another length.");

        List<double> byNode = [], byBinding = [], cut = [];
        for (var round = -1; round < rounds; round++)
        {
            List<double> node1 = [], binding1 = [], cut1 = [];
            for (var time = 0; time < TimesARound; time++)
            {
                node1.Add(Time(ByNode));
                binding1.Add(Time(() => ByBinding(command)));
                cut1.Add(Time(() => ByBinding(GuestScripts.Around(command).Commands[0])));
            }

            // The first round warms all up.
            if (round >= 0)
            {
                byNode.Add(node1.Median());
                byBinding.Add(binding1.Median());
                cut.Add(cut1.Median());
            }
        }

        Measurement Of(string what, List<double> values) => new(Name, what, values.Median(), "ms")
        {
            Peer = "guest-exec and guest-exec-status by the binding alone",
            PeerValue = byBinding.Median(),
            Rounds = values,
            PeerRounds = byBinding,
        };
        yield return Of($"vm/exec, {program.What} (debian-12)", byNode) with { Goal = Goal.RatioAtMost(1.2) };
        yield return Of($"the script that bounds outputs, by the binding alone, {program.What}", cut);
    }

    private static double Time(Action run)
    {
        var from = Stopwatch.GetTimestamp();
        run();
        return Stopwatch.GetElapsedTime(from).TotalMilliseconds;
    }

    private static void Must(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new InvalidOperationException(otherwise);
        }
    }
}
