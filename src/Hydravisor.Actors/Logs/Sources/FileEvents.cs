using System.Collections.Concurrent;

namespace Hydravisor.Actors.Logs.Sources;

/// <summary>Tells who cares that a file has changed: one queue of the kernel and one thread for a node. Safe for all threads.</summary>
internal sealed class FileEvents : IDisposable
{
    private readonly ConcurrentDictionary<int, IFileListener> _listeners = new();
    private readonly Inotify? _inotify;
    private readonly Thread? _thread;
    private readonly int _ender = -1;
    private volatile bool _ended;
    private volatile bool _isBroken;

    /// <summary>Starts the thread. Where the kernel has no queue for us, no watch can be had.</summary>
    /// <param name="directory">A directory that is there.</param>
    public FileEvents(string directory)
    {
        _inotify = Inotify.TryOpen();
        if (_inotify is not null)
        {
            // What is removed at the end, so that the thread wakes.
            _ender = _inotify.Add(directory, Inotify.SelfGone);
            _thread = new Thread(Run) { Name = "logs inotify", IsBackground = true };
            _thread.Start();
        }
    }

    /// <summary>Watches a file or directory.</summary>
    /// <param name="path">What.</param>
    /// <param name="isDirectory">A directory tells of names that come, not of what is written to the files in it.</param>
    /// <param name="listener">Who is told.</param>
    /// <returns>The watch's number; negative: it cannot be had.</returns>
    public int Watch(string path, bool isDirectory, IFileListener listener)
    {
        var watch = _isBroken ? -1 : _inotify?.Add(path, isDirectory ? Inotify.Arrived | Inotify.SelfGone : Inotify.Modified | Inotify.SelfGone) ?? -1;
        return watch < 0 || watch == _ender || _listeners.GetOrAdd(watch, listener) != listener ? -1 : watch;
    }

    /// <summary>Ends a watch.</summary>
    public void Unwatch(int watch)
    {
        if (watch >= 0 && _listeners.TryRemove(watch, out _) && !_ended)
        {
            _inotify!.Remove(watch);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_inotify is null || _ended)
        {
            return;
        }

        _ended = true;
        _inotify.Remove(_ender);
        _thread!.Join();
        _inotify.Dispose();
    }

    private void Run()
    {
        try
        {
            while (!_ended)
            {
                _inotify!.Read(Tell);
            }
        }
        catch (IOException)
        {
            // Nothing is told any more: all look again, find that, and ask from time to time.
            _isBroken = true;
            Tell(-1, Inotify.Overflow);
        }
    }

    private void Tell(int watch, uint events)
    {
        if ((events & Inotify.Overflow) != 0)
        {
            foreach (var listener in _listeners.Values)
            {
                listener.OnChanged(names: true);
            }
        }
        else if (_listeners.TryGetValue(watch, out var listener))
        {
            if ((events & Inotify.Ignored) != 0)
            {
                _listeners.TryRemove(watch, out _);
            }

            listener.OnChanged(names: (events & ~Inotify.Modified) != 0);
        }
    }
}
