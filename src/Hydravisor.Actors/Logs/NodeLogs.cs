using System.Collections.Concurrent;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Logs.Following;
using Hydravisor.Actors.Logs.Segments;
using Hydravisor.Actors.Logs.Sources;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Logs;

/// <summary>
/// The logs of all VMs of a node: what their guests write and what happens to them, stored without a hole and followed by many. Safe for all threads; nothing here blocks.
/// </summary>
internal sealed class NodeLogs : IAsyncDisposable
{
    private static readonly TimeSpan SweepEvery = TimeSpan.FromDays(1);

    private readonly ConcurrentDictionary<InstanceId, VmLog> _logs = new();
    private readonly Func<InstanceId, bool> _isAlive;
    private readonly LogServices _services;
    private readonly Action<VmLog> _drop;
    private readonly ITimer _sweep;

    /// <summary>Starts the threads. Each VM's log is opened when it is first needed.</summary>
    /// <param name="settings">The limits.</param>
    /// <param name="directory">Where the logs are; made where it is missing.</param>
    /// <param name="sources">Where a VM's guest writes. Called on the threads of the logs.</param>
    /// <param name="isAlive">Whether a VM is there, or may be: the logs of others are removed when they are old enough. Called on the threads of the logs.</param>
    /// <param name="time">The clock.</param>
    /// <param name="trouble">Told when a VM's log cannot be written or read (why), and when it can again (null). Called on the threads of the logs.</param>
    /// <exception cref="IOException">The directory cannot be made.</exception>
    public NodeLogs(
        LogsSettings settings,
        string directory,
        Func<InstanceId, GuestLogs> sources,
        Func<InstanceId, bool> isAlive,
        TimeProvider time,
        Action<InstanceId, string?> trouble)
    {
        // What guests say is nobody else's.
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        (_isAlive, _drop) = (isAlive, Drop);
        _services = new LogServices(settings, directory, sources, time, trouble, new LogThreads(settings), new FileEvents(directory), new LogTimers(time));
        _sweep = time.CreateTimer(_ => Sweep(), null, TimeSpan.Zero, SweepEvery);
    }

    /// <summary>The domain runs, or may: what its guest writes is stored from now on.</summary>
    public void Watch(InstanceId id) => Put(id, inbox => inbox.TryWatch());

    /// <summary>Stores what happened to a VM; what was told before is ignored.</summary>
    /// <param name="id">The VM.</param>
    /// <param name="lines">In the order of their numbers.</param>
    public void Tell(InstanceId id, IReadOnlyList<LifecycleLine> lines) => Put(id, inbox => inbox.TryTell(lines));

    /// <summary>Whether what happened to a VM up to a number is stored.</summary>
    /// <returns>Done: it is. Unavailable: it is not yet, or nobody knows.</returns>
    public async Task<Outcome> StoredAsync(InstanceId id, long number)
    {
        // What was told before stands in the log when its turn comes to this.
        var asked = await Ask<long>(id, (_, store, _) => store.State.Lifecycle).ConfigureAwait(false);
        return !asked.IsDone ? asked.Result : asked.Value >= number ? Outcome.Done : Outcome.Unavailable(Trouble(id) ?? "it is not stored yet");
    }

    /// <summary>Stores all that the guest wrote so far, also a line without its end, and then ends the watch: for when the domain is off and its files may go.</summary>
    /// <returns>Done: it is stored. Unavailable: it could not be; the watch goes on.</returns>
    public Task<Outcome> DrainAsync(InstanceId id)
    {
        var drained = new TaskCompletionSource<Outcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!Put(id, inbox => inbox.TryDrain(drained)))
        {
            drained.SetResult(Outcome.Unavailable("the logs are closed"));
        }

        return drained.Task;
    }

    /// <summary>The VM was deleted: its sources are not read any more, and who follows gets what is stored, and then the end. The log itself stays until it is too old.</summary>
    public void Forget(InstanceId id) => Put(id, inbox => inbox.TryForget());

    /// <summary>Why a VM's log cannot be written or read now, for a person; null: it can, as far as is known.</summary>
    public string? Trouble(InstanceId id) => _logs.TryGetValue(id, out var log) ? log.Trouble : null;

    /// <summary>Follows a log.</summary>
    /// <param name="id">The VM.</param>
    /// <param name="from">Where to begin.</param>
    /// <param name="wake">See <see cref="Feeds.IFeed"/>: called once for each time that there was nothing to take, on any thread; must neither block nor throw.</param>
    /// <returns>The feed, which its owner disposes of; unavailable: the log cannot be read.</returns>
    public Task<Outcome<LogFeed>> FollowAsync(InstanceId id, LogStart from, Action wake) =>
        Ask<LogFeed>(id, (log, store, _) => log.Follow(store, from, wake));

    /// <summary>Reads entries.</summary>
    /// <param name="id">The VM.</param>
    /// <param name="from">The first; from the tail: the last <paramref name="limit"/>.</param>
    /// <param name="limit">Most entries; a gap is none.</param>
    /// <param name="bytesMax">Most bytes; one entry comes always.</param>
    /// <returns>The entries; none, and one more than the last number, at the end; unavailable: the log cannot be read.</returns>
    public Task<Outcome<LogPage>> QueryAsync(InstanceId id, LogStart from, int limit, int bytesMax) =>
        Ask<LogPage>(id, (_, store, scratch) =>
        {
            var first = from.IsTail ? Math.Max(store.First, store.State.LastSeq - limit + 1) : from.Number;
            scratch.Json.ResetWrittenCount();
            var (next, _) = scratch.Log.Read(store, first, scratch.Json, bytesMax, limit, default);
            return new LogPage(scratch.Json.WrittenSpan.ToArray(), next);
        });

    /// <summary>Bytes that are held in memory for all followers of a VM together.</summary>
    public long HeldBytes(InstanceId id) => _logs.TryGetValue(id, out var log) ? log.HeldBytes : 0;

    /// <summary>How many VMs' logs are held open.</summary>
    public int OpenCount => _logs.Count;

    /// <summary>Looks for logs that are too old now.</summary>
    public void Sweep() =>
        _services.Threads.TryAdd(new LogSweep(_services, id => _logs.ContainsKey(id) || _isAlive(id), id => Put(id, inbox => inbox.TryRetain())));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _sweep.DisposeAsync().ConfigureAwait(false);
        await _services.Threads.DisposeAsync().ConfigureAwait(false);
        _services.Timers.Dispose();
        foreach (var log in _logs.Values)
        {
            log.Close();
        }

        _services.Events.Dispose();
    }

    private Task<Outcome<T>> Ask<T>(InstanceId id, Func<VmLog, SegmentStore, LogScratch, T> answer)
    {
        var asked = new TaskCompletionSource<Outcome<T>>(TaskCreationOptions.RunContinuationsAsynchronously);
        VmLog? log = null;
        var request = new LogRequest(
            (store, scratch) => asked.TrySetResult(Outcome<T>.Done(answer(log!, store, scratch))),
            reason => asked.TrySetResult(Outcome<T>.Unavailable(reason)));
        if (!Put(id, inbox => inbox.TryAsk(request), found => log = found))
        {
            request.Fail("the logs are closed");
        }

        return asked.Task;
    }

    private bool Put(InstanceId id, Func<VmInbox, bool> put, Action<VmLog>? found = null)
    {
        while (!_services.Threads.IsClosed)
        {
            var log = _logs.GetOrAdd(id, missing => new VmLog(missing, _services, _drop));
            found?.Invoke(log);
            if (put(log.Inbox))
            {
                log.Schedule();
                return true;
            }

            // It was closed just now, for all: another one takes its place.
            Drop(log);
        }

        return false;
    }

    private void Drop(VmLog log) => _logs.TryRemove(KeyValuePair.Create(log.Id, log));
}
