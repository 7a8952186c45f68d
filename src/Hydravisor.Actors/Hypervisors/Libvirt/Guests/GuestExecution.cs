using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Hydravisor.Libvirt;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hypervisors.Libvirt.Guests;

/// <summary>Runs programs in guests by their agents: started by one call, asked after by others until it has ended. Any number at once;
/// the agent answers one call at a time, and each is short. Safe for all threads.</summary>
internal sealed class GuestExecution(LibvirtCalls calls, TimeProvider time)
{
    private const int StartSeconds = 5;
    private const int StatusSeconds = 2;
    private const int SignalBase = 128;
    private const double PollGrowth = 1.25;
    private const double FirstPollOfPace = 3.5;
    private const double NextPollOfPace = 0.5;

    private static readonly TimeSpan PollMin = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan PollMax = TimeSpan.FromMilliseconds(250);

    // Each question that is not answered keeps a thread for as long as it waits.
    private static readonly TimeSpan UnansweredPause = TimeSpan.FromSeconds(10);

    /// <summary>Runs one to its end.</summary>
    public async Task<Outcome<GuestExit>> RunAsync(InstanceId id, GuestCommand command)
    {
        var (around, key) = GuestScripts.Around(command);
        var (started, pace) = await StartAsync(id, around).ConfigureAwait(false);
        if (!started.IsDone)
        {
            return new Outcome<GuestExit>(started.Result, null);
        }

        return started.Value switch
        {
            { Answer: { } answer } => await FollowAsync(id, answer.Return.Pid, command, key, pace).ConfigureAwait(false),
            { HasNoAgent: true } => Outcome<GuestExit>.Done(new GuestExit.NoAgent()),
            _ => Outcome<GuestExit>.Done(new GuestExit.NotStarted(started.Value.Refusal)),
        };
    }

    // The first that the agent does not refuse, and how long the agent took for it. Where what it said is not understood, it may have started.
    private async Task<(Outcome<Asked<ExecStarted>> Started, TimeSpan Pace)> StartAsync(InstanceId id, IReadOnlyList<GuestCommand> commands)
    {
        var tried = 0;
        while (true)
        {
            var from = time.GetTimestamp();
            var started = await AskAsync(id, StartSeconds, AgentWords.Exec(commands[tried]), AgentWords.Default.AgentAnswerExecStarted).ConfigureAwait(false);
            if (!started.Value.IsRefusedByAgent || ++tried == commands.Count)
            {
                return (started, time.GetElapsedTime(from));
            }
        }
    }

    private async Task<Outcome<GuestExit>> FollowAsync(InstanceId id, long pid, GuestCommand command, string key, TimeSpan pace)
    {
        var asked = await AwaitEndAsync(id, pid, command.Limit, pace).ConfigureAwait(false);
        if (asked.Value.Answer?.Return is { Exited: true } ended)
        {
            return Outcome<GuestExit>.Done(Exit(ended, command, key));
        }

        if (asked is { IsDone: true, Value.Answer: null })
        {
            return Outcome<GuestExit>.Done(new GuestExit.Lost(asked.Value.Refusal));
        }

        await KillAsync(id, pid).ConfigureAwait(false);
        return Outcome<GuestExit>.Done(asked.IsDone ? new GuestExit.TimedOut() : new GuestExit.Lost(asked.Result.Reason));
    }

    // Until it has ended, the agent knows nothing of it, or its time is up. An agent that does not answer now may later: its guest is
    // suspended, or busy. Each question takes the guest from the program: one that was slow to start it is asked later and less often. The
    // multiples of that time are those that cost a short program least (bench/, exec).
    private async Task<Outcome<Asked<ExecStatus>>> AwaitEndAsync(InstanceId id, long pid, TimeSpan limit, TimeSpan pace)
    {
        var from = time.GetTimestamp();
        await Task.Delay(Shorter(Bounded(pace * FirstPollOfPace), limit), time).ConfigureAwait(false);
        var pause = Bounded(pace * NextPollOfPace);
        while (true)
        {
            var asked = await AskAsync(id, StatusSeconds, AgentWords.Status(pid), AgentWords.Default.AgentAnswerExecStatus).ConfigureAwait(false);
            if (asked.IsDone && asked.Value.Answer is null or { Return.Exited: true })
            {
                return asked;
            }

            var left = limit - time.GetElapsedTime(from);
            if (left <= TimeSpan.Zero)
            {
                return asked;
            }

            await Task.Delay(Shorter(asked.IsDone ? pause : UnansweredPause, left), time).ConfigureAwait(false);
            pause = Shorter(pause * PollGrowth, PollMax);
        }
    }

    // The agent itself has no word for it. The end of both is asked for, or the agent would keep them for ever.
    private async Task KillAsync(InstanceId id, long pid)
    {
        var kill = GuestScripts.Killing(pid);
        var killing = await AskAsync(id, StartSeconds, AgentWords.Exec(kill), AgentWords.Default.AgentAnswerExecStarted).ConfigureAwait(false);
        if (killing.Value.Answer is { } started)
        {
            await AwaitEndAsync(id, started.Return.Pid, kill.Limit, PollMin).ConfigureAwait(false);
            await AwaitEndAsync(id, pid, kill.Limit, PollMin).ConfigureAwait(false);
        }
    }

    private static TimeSpan Bounded(TimeSpan pause) => pause < PollMin ? PollMin : Shorter(pause, PollMax);

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private static GuestExit Exit(ExecStatus status, GuestCommand command, string key)
    {
        var (output, errors, max) = (status.OutData ?? [], status.ErrData ?? [], command.OutputBytesMax);
        var code = status.Exitcode ?? SignalBase + (status.Signal ?? 0);
        return GuestScripts.SaysNotThere(code, output, key) ? new GuestExit.NotStarted($"{command.Argv[0]}: there is no such program") : new GuestExit.Ended(
            code,
            output[..Math.Min(output.Length, max)],
            errors[..Math.Min(errors.Length, max)],
            status.OutTruncated || status.ErrTruncated || output.Length > max || errors.Length > max);
    }

    // Unavailable: nobody knows whether the agent heard it. Refused: it answered, and no.
    private Task<Outcome<Asked<T>>> AskAsync<T>(InstanceId id, int seconds, string request, JsonTypeInfo<AgentAnswer<T>> form) => calls.AskAgentAsync(id, connection =>
    {
        using var domain = connection.FindByUuid(DomainPlan.DomainUuid(id));
        try
        {
            return domain is null
                ? Outcome<Asked<T>>.Done(new Asked<T>(null, "its domain is gone"))
                : Outcome<Asked<T>>.Done(new Asked<T>(JsonSerializer.Deserialize(domain.AgentCommand(request, seconds), form), ""));
        }
        catch (LibvirtException e) when (e.IsAgentUnavailable)
        {
            return e.Code == LibvirtErrorCode.ArgumentUnsupported
                ? Outcome<Asked<T>>.Done(new Asked<T>(null, LibvirtWords.Of(e)) { HasNoAgent = true })
                : Outcome<Asked<T>>.Unavailable("its guest agent does not answer: " + LibvirtWords.Of(e));
        }
        catch (LibvirtException e) when (!e.IsConnectionLost && !e.IsTimeout)
        {
            return Outcome<Asked<T>>.Done(new Asked<T>(null, LibvirtWords.Of(e)) { IsRefusedByAgent = e.Code == LibvirtErrorCode.InternalError });
        }
        catch (JsonException e)
        {
            return Outcome<Asked<T>>.Done(new Asked<T>(null, $"the agent's answer could not be read: {e.Message}"));
        }
    });

    private readonly record struct Asked<T>(AgentAnswer<T>? Answer, string Refusal)
    {
        public bool HasNoAgent { get; init; }

        public bool IsRefusedByAgent { get; init; }
    }
}
