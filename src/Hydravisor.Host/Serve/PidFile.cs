using System.Globalization;

namespace Hydravisor.Host.Serve;

/// <summary>The file that names the node's process while it serves. Disposing of it removes the file.</summary>
internal sealed class PidFile : IDisposable
{
    private readonly string _path;

    private PidFile(string path) => _path = path;

    /// <summary>Writes the file for this process; one that a killed node left is overwritten.</summary>
    public static PidFile Write(string path)
    {
        File.WriteAllText(path, Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n");
        return new PidFile(path);
    }

    /// <inheritdoc/>
    public void Dispose() => File.Delete(_path);
}
