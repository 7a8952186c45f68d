namespace Hydravisor.Actors.Hypervisors;

/// <summary>The files into which a hypervisor writes what a guest says, byte for byte. None of them need be there yet.</summary>
/// <remarks>
/// Each is turned over when it is full: <c>x</c> becomes <c>x.0</c>, that becomes <c>x.1</c>, and so on, the oldest is dropped, and a new <c>x</c>
/// begins (virtlogd.conf(5): 2 MiB and three older ones by default). They are only added to, by the hypervisor alone.
/// </remarks>
/// <param name="Console">What the serial console showed.</param>
/// <param name="Port">What the guest wrote to its log port.</param>
/// <param name="PortPipe">The host's end of the log port, a named pipe: a guest that writes to the port waits while it is full, and what goes through it
/// stands in <paramref name="Port"/> too. Null: the guest never waits.</param>
internal sealed record GuestLogs(string Console, string Port, string? PortPipe);
