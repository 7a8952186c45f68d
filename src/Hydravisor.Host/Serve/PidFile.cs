using System.Globalization;

namespace Hydravisor.Host.Serve;

/// <summary>The file that names the node's process while it serves. Disposing of it removes the file.</summary>
internal sealed class PidFile : IDisposable
{
    private string? _path;

    /// <summary>Writes the file for this process; one that a killed node left is overwritten. It stays until this is disposed of.</summary>
    public void Write(string path)
    {
        File.WriteAllText(path, Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n");
        _path = path;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_path is not null)
        {
            File.Delete(_path);
        }
    }
}
