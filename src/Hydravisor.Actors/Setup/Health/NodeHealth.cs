using System.Globalization;
using Akka.Actor;
using Hydravisor.Actors.Cluster;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Journal;

namespace Hydravisor.Actors.Setup.Health;

/// <summary>Knows how a node is, from the first moments of its process to the last. Safe for all threads.</summary>
/// <remarks>
/// Each part of the node is watched by somebody already, and that knowledge is what is told here: a question costs two messages to actors, and nothing
/// goes to the database or the hypervisor for it. Whoever does not answer in <see cref="AnswerWithin"/> is said to hang.
/// </remarks>
/// <param name="node">The node's name.</param>
/// <param name="hypervisor">The kind of its hypervisor.</param>
/// <param name="isClustered">Whether it is to be one of a cluster.</param>
/// <param name="time">The clock.</param>
internal sealed class NodeHealth(string node, string hypervisor, bool isClustered, TimeProvider time)
{
    /// <summary>The longest that a question takes.</summary>
    public static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(1.5);

    // Longer than all phases of an orderly stop together.
    private static readonly TimeSpan StopsWithin = TimeSpan.FromMinutes(3);

    private static readonly string ProgramVersion = typeof(NodeHealth).Assembly.GetName().Version?.ToString(3) ?? "";

    private readonly long _started = time.GetTimestamp();
    private volatile string? _starting = "reading its settings";
    private volatile NodeJournal? _journal;
    private volatile ILedger? _ledger;
    private volatile Members? _members;
    private volatile Actors? _actors;
    private long _stopping;

    /// <summary>The node starts and is at this, as part of a sentence.</summary>
    public void Starts(string at) => _starting = at;

    /// <summary>The journal is ready.</summary>
    public void Watch(NodeJournal journal) => _journal = journal;

    /// <summary>The ledger is there: it knows whether anything may be changed.</summary>
    public void Watch(ILedger ledger) => _ledger = ledger;

    /// <summary>The members of its cluster are watched.</summary>
    public void Watch(Members members) => _members = members;

    /// <summary>The host runs.</summary>
    public void Watch(ActorSystem system, IActorRef host) =>
        _actors = new Actors(system.ActorOf(Props.Create(() => new PulseActor()), "pulse"), host, CoordinatedShutdown.Get(system));

    /// <summary>The node serves.</summary>
    public void Serves() => _starting = null;

    /// <summary>How it is now. Takes <see cref="AnswerWithin"/> at most.</summary>
    public async Task<HealthReport> LookAsync()
    {
        var (actors, answers, asked) = (_actors, Answers.None, JournalAsync());
        if (actors is { IsStopping: false })
        {
            var (beat, host) = (AskAsync<PulseActor.Beat>(actors.Pulse, PulseActor.Beat.Instance), AskAsync<HostHealth>(actors.Host, HostHealth.Query.Instance));
            answers = new Answers(await beat.ConfigureAwait(false) is not null, await host.ConfigureAwait(false));
        }
        else if (actors is not null && StopHangs())
        {
            answers = new Answers(HasPulse: false, Host: null);
        }

        var journal = await asked.ConfigureAwait(false);
        var (self, cluster, below) = (Node(actors, answers), Cluster(), Hypervisor(answers.Host));
        return new HealthReport(
            answers.HasPulse, self.Ok && cluster.Ok && journal.Ok && below.Ok, node, ProgramVersion, (long)time.GetElapsedTime(_started).TotalSeconds, self, cluster, journal, below);
    }

    // From the first look that finds it stopping.
    private bool StopHangs()
    {
        var now = time.GetTimestamp();
        var since = Interlocked.CompareExchange(ref _stopping, now, 0);
        return since != 0 && time.GetElapsedTime(since, now) > StopsWithin;
    }

    private HealthPart Node(Actors? actors, Answers answers)
    {
        if (actors is { IsStopping: true })
        {
            return answers.HasPulse
                ? new HealthPart(Ok: false, "draining", "the node is stopping")
                : new HealthPart(Ok: false, "hangs", "the node was to stop minutes ago, and has not ended");
        }

        if (!answers.HasPulse)
        {
            return new HealthPart(Ok: false, "hangs", "the actor system does not answer");
        }

        if (_starting is { } at)
        {
            return new HealthPart(Ok: false, "starting", "starting: " + (answers.Host is { VmsAwaited: > 0 and var awaited }
                ? string.Create(CultureInfo.InvariantCulture, $"recovering {awaited} VMs")
                : at));
        }

        return answers.Host is null ? new HealthPart(Ok: false, "hangs", "the host's actor does not answer") : new HealthPart(Ok: true, "serving");
    }

    private HealthPart Cluster()
    {
        if (!isClustered)
        {
            return new HealthPart(Ok: true, "none");
        }

        if (_members is not { } members)
        {
            return new HealthPart(Ok: false, "joining", Members.NotJoined);
        }

        var (byName, refusal) = (members.ByName, members.Refusal);
        var self = byName.GetValueOrDefault(node);
        return new HealthPart(refusal is null, self?.Standing.ToString().ToLowerInvariant() ?? "joining", refusal)
        {
            Members = [.. byName.Keys],
            Unreachable = [.. byName.Values.Where(member => !member.IsReachable).Select(member => member.Name)],
            Minority = refusal is not null && refusal != Members.NotJoined,
        };
    }

    private async Task<HealthPart> JournalAsync()
    {
        if (_journal is not { } journal)
        {
            return new HealthPart(Ok: false, "opening", "the journal is not open yet");
        }

        var isFile = journal.Address is JournalAddress.SqliteFile;
        var part = await WithinAsync(journal.AwaySinceAsync()).ConfigureAwait(false) switch
        {
            (false, _) => new HealthPart(Ok: false, "silent", "the journal's file does not answer: another program may hold it"),
            (true, { } since) when isFile => new HealthPart(Ok: false, "unwritable", "the journal's file cannot be written") { Since = since },
            (true, { } since) => new HealthPart(Ok: false, "silent", "the database does not answer") { Since = since },
            _ when _ledger?.Refusal is not null => new HealthPart(
                Ok: false, "refuses", "nothing may be changed: the ledger cannot be written, or the disk has no room left; the node's log says which"),
            _ => new HealthPart(Ok: true, isFile ? "writable" : "answers"),
        };
        return part with { Kind = isFile ? "sqlite" : "postgresql" };
    }

    private HealthPart Hypervisor(HostHealth? host) =>
        (host switch
        {
            null => new HealthPart(Ok: false, "unknown", "the host's actor, which knows, does not answer or is not there"),
            { HasHypervisor: false } => new HealthPart(Ok: false, "lost", "the hypervisor cannot be reached; the node's log says why") { Since = host.HypervisorSince },
            _ => new HealthPart(Ok: true, "connected"),
        }) with
        { Kind = hypervisor };

    private static async Task<T?> AskAsync<T>(IActorRef actor, object question)
        where T : class
    {
        try
        {
            return await actor.Ask<T>(question, AnswerWithin).ConfigureAwait(false);
        }
        catch (Exception e) when (e is AskTimeoutException or OperationCanceledException)
        {
            return null;
        }
    }

    private static async Task<(bool Came, T? Value)> WithinAsync<T>(Task<T> task)
    {
        try
        {
            return (true, await task.WaitAsync(AnswerWithin).ConfigureAwait(false));
        }
        catch (TimeoutException)
        {
            return (false, default);
        }
    }

    private sealed record Actors(IActorRef Pulse, IActorRef Host, CoordinatedShutdown Shutdown)
    {
        public bool IsStopping => Shutdown.ShutdownReason is not null;
    }

    // Before there are actors, and when they end in order, there is nobody who could hang.
    private sealed record Answers(bool HasPulse, HostHealth? Host)
    {
        public static Answers None { get; } = new(HasPulse: true, Host: null);
    }
}
