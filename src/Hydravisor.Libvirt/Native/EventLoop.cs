using System.Runtime.InteropServices;

namespace Hydravisor.Libvirt.Native;

/// <summary>libvirt's default event loop on one background thread of our own, for every connection of the process. It is never
/// stopped: without it keepalive would end connections and no event would arrive.</summary>
internal static unsafe class EventLoop
{
    public const string ThreadName = "libvirt-events";

    private const int HeartbeatMilliseconds = 1000;
    private const int PauseAfterFailureMilliseconds = 100;

    private static int _failures;

    /// <summary>How many turns of the loop failed. Stays 0 unless poll(2) itself fails.</summary>
    public static int Failures => Volatile.Read(ref _failures);

    /// <summary>Registers and starts. Once per process, before the first open.</summary>
    public static void Start()
    {
        Checked.NotNegative(EventImports.RegisterDefaultImpl(), "virEventRegisterDefaultImpl");
        // A loop with nothing registered blocks for ever and would not see what is registered later.
        Checked.NotNegative(EventImports.AddTimeout(HeartbeatMilliseconds, &Heartbeat, 0, 0), "virEventAddTimeout");
        new Thread(Run) { IsBackground = true, Name = ThreadName }.Start();
    }

    private static void Run()
    {
        using ManualResetEventSlim never = new();
        while (true)
        {
            if (EventImports.RunDefaultImpl() < 0)
            {
                Interlocked.Increment(ref _failures);
                never.Wait(PauseAfterFailureMilliseconds);
            }
        }
    }

    [UnmanagedCallersOnly]
    private static void Heartbeat(int timer, nint opaque)
    {
    }
}
