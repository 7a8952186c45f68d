using System.Buffers;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Hydravisor.Protocol;

namespace Hydravisor.Bench.Codec;

/// <summary>One line decoded, one line encoded.</summary>
[MemoryDiagnoser]
public class CodecBench
{
    private static readonly byte[] Query = """{"type":"vm/state","instance_id":"vm-23ac1a9d4711","query":true}"""u8.ToArray();

    private static readonly byte[] Create =
        """{"type":"vm/create","os":"tiny","cpu":2,"ram":"4GB","model":"anthropic:claude","meta":{"request_id":"r-1","name":"sandbox","labels":{"task":"bench"}}}"""u8.ToArray();

    private readonly ArrayBufferWriter<byte> _buffer = new(4096);

    private readonly VmStateMessage _state = new()
    {
        InstanceId = "vm-23ac1a9d4711",
        State = VmPhase.Running,
        Since = DateTimeOffset.UnixEpoch,
        Node = "bench-node",
        Os = "tiny",
        Cpu = 1,
        Ram = "128MB",
        Network = "none",
        Name = "sandbox",
        Incarnation = 1,
        Revision = 5,
    };

    [Benchmark]
    public Decoded DecodeQuery() => LineCodec.Decode(Query);

    [Benchmark]
    public Decoded DecodeCreate() => LineCodec.Decode(Create);

    [Benchmark]
    public int EncodeState()
    {
        _buffer.ResetWrittenCount();
        LineCodec.Encode(_state, _buffer);
        return _buffer.WrittenCount;
    }

    /// <summary>Runs all of it in this process: a build of its own would not know the versions of this one.</summary>
    internal static void Run() => BenchmarkRunner.Run<CodecBench>(
        DefaultConfig.Instance
            .AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance))
            .WithArtifactsPath(Path.Combine(Path.GetTempPath(), "hydravisor-bench-codec")));
}
