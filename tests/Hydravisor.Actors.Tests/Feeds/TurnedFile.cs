namespace Hydravisor.Actors.Tests.Feeds;

/// <summary>A file that is turned over as virtlogd does it. <see cref="Path"/> is the newest.</summary>
internal sealed class TurnedFile(string path, int olderMax = 3)
{
    public string Path => path;

    /// <summary>Older files that are kept.</summary>
    public int OlderMax => olderMax;

    public void Write(ReadOnlySpan<byte> bytes)
    {
        using var file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        file.Write(bytes);
    }

    public void Write(string text) => Write(System.Text.Encoding.UTF8.GetBytes(text));

    public void Turn()
    {
        File.Delete(Older(olderMax - 1));
        for (var at = olderMax - 2; at >= 0; at--)
        {
            if (File.Exists(Older(at)))
            {
                File.Move(Older(at), Older(at + 1));
            }
        }

        File.Move(path, Older(0));
        Write([]);
    }

    private string Older(int at) => $"{path}.{at}";
}
