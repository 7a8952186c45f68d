using Hydravisor.Actors.Gateway.Tls;

namespace Hydravisor.Actors.Setup;

/// <summary>The TLS files of a running node, followed from its start to its end.</summary>
internal static class NodeTls
{
    /// <summary>Reads the files, and follows them from then on.</summary>
    /// <param name="settings">Where they are; null: the node speaks no TLS.</param>
    /// <param name="time">The clock.</param>
    /// <param name="tell">Told, for the log, what is in force. Must not wait.</param>
    /// <param name="warn">Told, for the log, what cannot be used. Must not wait.</param>
    /// <exception cref="SettingException">They cannot be used.</exception>
    public static TlsWatch? Open(TlsSettings? settings, TimeProvider time, Action<string> tell, Action<string> warn)
    {
        if (settings is null)
        {
            return null;
        }

        try
        {
            var watch = new TlsWatch(settings, time, tell, warn);
            watch.Start();
            return watch;
        }
        catch (TlsException e)
        {
            throw new SettingException($"hydravisor.gateway.tls: {e.Message}");
        }
    }
}
