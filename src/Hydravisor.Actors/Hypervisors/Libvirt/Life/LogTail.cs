using System.Text;

namespace Hydravisor.Actors.Hypervisors.Libvirt.Life;

/// <summary>Reads the lines that are added to a log file that libvirt's log daemon writes and turns over (<c>x.log</c>, then <c>x.log.0</c>,
/// …). Not safe for several threads.</summary>
internal sealed class LogTail : IDisposable
{
    private const int LineMax = 4096;

    private readonly string _path;
    private readonly byte[] _chunk = new byte[16 * 1024];
    private readonly List<byte> _line = [];
    private FileStream? _file;
    private long _from;

    /// <summary>Opens nothing yet.</summary>
    /// <param name="path">The file; it need not be there yet.</param>
    /// <param name="from">From where on to read, in bytes of the file as it was then.</param>
    public LogTail(string path, long from) => (_path, _from) = (path, from);

    /// <summary>The last line as far as it was written yet, without its end.</summary>
    public string Unfinished => Encoding.UTF8.GetString([.. _line]);

    /// <summary>The lines that were finished since the last call.</summary>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public IEnumerable<string> Read()
    {
        while (true)
        {
            _file ??= Open();
            if (_file is null)
            {
                yield break;
            }

            var count = _file.Read(_chunk);
            if (count == 0)
            {
                if (!WasTurnedOver(_file))
                {
                    yield break;
                }

                _file.Dispose();
                (_file, _from) = (null, 0);
            }

            for (var at = 0; at < count; at++)
            {
                if (_chunk[at] == '\n')
                {
                    yield return Unfinished.TrimEnd('\r');
                    _line.Clear();
                }
                else if (_line.Count < LineMax)
                {
                    _line.Add(_chunk[at]);
                }
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file?.Dispose();

    private FileStream? Open()
    {
        // What was x.log when the boot began may be x.log.0 by now.
        foreach (var path in (string[])[_path, _path + ".0"])
        {
            if (TryOpen(path) is { } file)
            {
                if (file.Length >= _from)
                {
                    file.Position = _from;
                    return file;
                }

                file.Dispose();
            }
        }

        _from = 0;
        return TryOpen(_path);
    }

    private static FileStream? TryOpen(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    // At the end of the open file: another one has its name if that has another length, unless this one grew meanwhile.
    private bool WasTurnedOver(FileStream file) =>
        new FileInfo(_path) is { Exists: true } named && named.Length != file.Length && file.Position == file.Length;
}
