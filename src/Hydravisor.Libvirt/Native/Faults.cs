namespace Hydravisor.Libvirt.Native;

/// <summary>The wall between handlers and native code: nothing that a handler throws passes it.</summary>
internal static class Faults
{
    /// <summary>Calls the handler; what it throws goes to <paramref name="faulted"/>, and what that throws is dropped, since
    /// there is nobody left to tell and the process must go on.</summary>
    public static void Guard<TEvent>(Action<TEvent> handler, TEvent happened, Action<Exception> faulted)
    {
        try
        {
            handler(happened);
        }
        catch (Exception error)
        {
            try
            {
                faulted(error);
            }
            catch
            {
            }
        }
    }
}
