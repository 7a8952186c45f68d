using System.Text;
using Hydravisor.Actors.Files;

namespace Hydravisor.Host.Verbs;

/// <summary>
/// Where a verb writes what it was asked for: standard output, or a file that is there whole or not at all. What is no ordinary file (a
/// device, a named pipe) gets it as it comes. For one thread.
/// </summary>
/// <remarks>Nothing is made before something is written, or <see cref="Complete"/> is called.</remarks>
/// <param name="standard">Standard output.</param>
/// <param name="path">The file, or <c>-</c> for standard output.</param>
/// <param name="overwrite">Whether it replaces a file that is there; where it does not, that is an error from the first line on.</param>
internal sealed class OutputFile(TextWriter standard, string path, bool overwrite) : IDisposable
{
    private TextWriter? _writer;
    private WholeFile? _whole;
    private FileStream? _device;

    /// <summary>Where to write.</summary>
    /// <exception cref="IOException">It cannot be made, or is there already.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be made.</exception>
    public TextWriter Writer => _writer ??= Open();

    /// <summary>All was written: the file is put in its place.</summary>
    /// <exception cref="IOException">It cannot be; what was there is there still.</exception>
    public void Complete()
    {
        Writer.Flush();
        _whole?.Complete(overwrite);
    }

    /// <summary>A file that is not complete is gone.</summary>
    public void Dispose()
    {
        _whole?.Dispose();
        _device?.Dispose();
    }

    private TextWriter Open()
    {
        if (path == "-")
        {
            return standard;
        }

        if (Directory.Exists(path))
        {
            throw new IOException($"{path} is a directory: give the name of a file");
        }

        var isThere = File.Exists(path);
        if (isThere && !NativeFile.IsPlain(path))
        {
            return Text(_device = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0));
        }

        if (isThere && !overwrite)
        {
            throw new IOException($"{path} is there already, and is not overwritten: give another name");
        }

        // Of a link the file that it leads to is replaced, and the link stays.
        var target = isThere ? File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName : null;
        return Text((_whole = new WholeFile(target ?? path)).Stream);
    }

    private static StreamWriter Text(Stream stream) => new(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
}
