using Akka.Actor;
using Akka.Event;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Cluster;

/// <summary>Tells those who follow VMs of a node that is lost that these are out of reach, and how they are when it is back.</summary>
/// <remarks>
/// <code><![CDATA[
/// lost ─> its VMs are read in the store ─> unreachable; deleted
/// back ─> it lists its VMs ─> as they are ─> what it deleted is read in the store ─> deleted
/// ]]></code>
/// What a node did just before it was lost its followers may or may not have heard: that a VM was deleted they may hear twice. What cannot be asked now is asked again.
/// Not thread-safe: the directory's own; what it waits for comes to the directory as a message.
/// </remarks>
internal sealed class LostVms(DirectoryParts parts, LostNodes lost, ClusterLists lists, PlaceHints hints, SessionFollows follows, IActorContext context, Func<ITimerScheduler> timers, ILoggingAdapter log)
{
    // That a node does not answer is known after a while only, and its clock may be another one.
    private static readonly TimeSpan Before = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(2);

    private readonly Dictionary<string, Absence> _away = new(StringComparer.Ordinal);
    private readonly Dictionary<long, string> _questions = [];
    private long _question;

    /// <summary>Since when what a node deleted is to be told, that has not answered since some time.</summary>
    public static DateTimeOffset GoneSince(DateTimeOffset lost) => lost - Before;

    /// <summary>A node does not answer.</summary>
    public void Lose(string node)
    {
        var now = parts.Time.GetUtcNow();
        if (lost.Lose(node, now) && follows.Any)
        {
            _away.TryAdd(node, new Absence(GoneSince(now)));
            Read(node);
        }
    }

    /// <summary>A node answers again.</summary>
    public void Return(string node)
    {
        if (lost.Return(node) is not { } since)
        {
            return;
        }

        if (follows.Any)
        {
            _away.TryAdd(node, new Absence(GoneSince(since)));
            Ask(node);
        }
        else
        {
            End(node);
        }
    }

    /// <summary>A list came, or does not come.</summary>
    /// <param name="question">The number under which it was asked for.</param>
    /// <param name="views">The VMs; null: it does not.</param>
    public void Listed(long question, IReadOnlyList<VmView>? views)
    {
        if (!_questions.Remove(question, out var node))
        {
            return;
        }

        if (views is null)
        {
            Again(new Word.AskAgain(node));
            return;
        }

        foreach (var view in views)
        {
            follows.Tell(new HostMessages.VmChanged(VmPhase.Unreachable, view));
        }

        // What it deleted is in no list.
        Stored(node, isBack: true);
    }

    /// <summary>What was waited for came.</summary>
    public void Hear(Word word)
    {
        switch (word)
        {
            case Word.ReadAgain:
                Read(word.Node);
                break;
            case Word.AskAgain:
                Ask(word.Node);
                break;
            case Word.Stored stored:
                OnStored(stored);
                break;
        }
    }

    private void Read(string node)
    {
        if (lost.Since(node) is not null)
        {
            Stored(node, isBack: false);
        }
    }

    private void Stored(string node, bool isBack)
    {
        if (_away.GetValueOrDefault(node) is { } absence)
        {
            lists.Stored.OfAsync(node, absence.GoneSince).PipeTo(
                context.Self, success: stored => new Word.Stored(node, isBack, stored, null), failure: e => new Word.Stored(node, isBack, null, e.GetBaseException().Message));
        }
    }

    private void OnStored(Word.Stored word)
    {
        if (lost.Since(word.Node) is null != word.IsBack)
        {
            // It came or went meanwhile, and is asked for anew.
            return;
        }

        if (word.Vms is not { } vms)
        {
            log.Warning("the VMs that the node {Node} had when it was lost cannot be read, and are tried again: {Reason}", word.Node, word.Trouble);
            Again(word.IsBack ? new Word.AskAgain(word.Node) : new Word.ReadAgain(word.Node));
            return;
        }

        if (lost.Since(word.Node) is { } since)
        {
            // One that moved since they were read is not lost.
            foreach (var view in vms.Own.Where(view => !hints.TryFind(view.Id, out var node) || node == word.Node))
            {
                hints.Remember(view.Id, word.Node);
                follows.Tell(new HostMessages.VmChanged(view.Phase, LostNodes.Show(view, since)));
            }
        }

        foreach (var (id, view) in vms.Gone)
        {
            if (_away.GetValueOrDefault(word.Node)?.Told.Add(id) == true)
            {
                follows.Tell(new HostMessages.VmChanged(VmPhase.Deleting, view));
            }
        }

        if (word.IsBack)
        {
            End(word.Node);
        }
    }

    private void End(string node)
    {
        _away.Remove(node);
        lists.Stored.Forget(node);
    }

    private void Ask(string node)
    {
        if (lost.Since(node) is null && parts.Members.ByName.GetValueOrDefault(node) is { IsThere: true } member)
        {
            _questions[++_question] = node;
            context.ActorOf(lists.OfVmsAt(parts.HostOf(member), _question, context.Self));
        }
    }

    private void Again(Word word) => timers().StartSingleTimer(word, word, RetryAfter);

    /// <summary>To the directory: something that was waited for; for <see cref="Hear"/>.</summary>
    /// <param name="Node">The node that it is about.</param>
    internal abstract record Word(string Node) : INoSerializationVerificationNeeded
    {
        /// <summary>Its VMs are to be read in the store.</summary>
        internal sealed record ReadAgain(string Node) : Word(Node);

        /// <summary>It is to be asked for its VMs.</summary>
        internal sealed record AskAgain(string Node) : Word(Node);

        /// <summary>They were read there, or could not be.</summary>
        internal sealed record Stored(string Node, bool IsBack, StoredVms? Vms, string? Trouble) : Word(Node);
    }

    // Of one node: since when what it deleted is told, and what was told of that.
    private sealed record Absence(DateTimeOffset GoneSince)
    {
        public HashSet<InstanceId> Told { get; } = [];
    }
}
