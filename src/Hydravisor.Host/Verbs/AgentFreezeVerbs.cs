using System.CommandLine;
using Hydravisor.Actors.Access.Agents;
using Hydravisor.Actors.Audit;

namespace Hydravisor.Host.Verbs;

/// <summary><c>hydravisor agent freeze|thaw</c>: the brake. The agents say who is frozen, and the nodes do the rest; the journal tells when it is done.</summary>
internal static class AgentFreezeVerbs
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan WaitMax = TimeSpan.FromDays(1);

    /// <summary><c>agent freeze</c></summary>
    public static Command Freeze()
    {
        var who = AgentVerbs.Who();
        var timeout = new Option<string>("--timeout")
        {
            Description = "How long to wait until its VMs stand still: 90s, 30m; 0: not at all",
            HelpName = "TIME",
            DefaultValueFactory = _ => "60s",
        };
        var output = new Option<string>("--output", "-o") { Description = "table for people, json for programs", DefaultValueFactory = _ => "table" }
            .AcceptOnlyFromAmong("table", "json");
        var verb = new Command("freeze", "Suspend all VMs of an agent, end its grants, and let it in no more, until it is thawed") { who, timeout, output };
        return AgentVerbs.On(verb, async (parsed, environment, agents, stop) =>
        {
            var limit = SpanText.Parse("--timeout", parsed.GetRequiredValue(timeout), WaitMax);
            var text = parsed.GetRequiredValue(who);
            var frozen = "";
            var book = await agents.Store.ChangeAsync(
                before =>
                {
                    frozen = before.Resolve(text).Fingerprint;
                    return before.Freeze(frozen, environment.Time.GetUtcNow());
                },
                stop);
            var agent = book.Get(frozen)!;
            var vms = new OwnedVms(frozen, agent.FrozenAt!.Value);
            var isServed = await FollowAsync(environment, agents, agent, vms, limit, stop);
            new FreezeOutput(environment, parsed.GetValue(output) == "json").Show(agent, vms, isServed);
            var sentence = FreezeOutput.Sentence(agent, vms, isServed);
            await (vms.StandStill ? environment.Error.WriteLineAsync(TerminalText.Of(sentence)) : throw new VerbFailure(TerminalText.Of(sentence)));
        });
    }

    /// <summary><c>agent thaw</c></summary>
    public static Command Thaw()
    {
        var who = AgentVerbs.Who();
        var verb = new Command("thaw", "Let an agent in again that was frozen; its VMs stay suspended until somebody resumes them") { who };
        return AgentVerbs.On(verb, async (parsed, environment, agents, stop) =>
        {
            var text = parsed.GetRequiredValue(who);
            var thawed = "";
            await agents.Store.ChangeAsync(
                book =>
                {
                    thawed = book.Resolve(text).Fingerprint;
                    return book.Thaw(thawed);
                },
                stop);
            await environment.Output.WriteLineAsync($"{thawed} thawed");
        });
    }

    // Until they stand still, or the time is over; where no node runs that has them there is nothing to wait for.
    private static async Task<bool> FollowAsync(
        VerbEnvironment environment, AgentPlace agents, Agent agent, OwnedVms vms, TimeSpan limit, CancellationToken stop)
    {
        using var over = new CancellationTokenSource(limit, environment.Time);
        using var timed = CancellationTokenSource.CreateLinkedTokenSource(stop, over.Token);
        using var timer = new PeriodicTimer(LookEvery, environment.Time);
        try
        {
            var nodes = await agents.RunningAsync();
            while (true)
            {
                if (!agents.IsFile || File.Exists(agents.Journal.ToString()))
                {
                    vms.Read(agents.Journal, stop);
                }

                if (vms.StandStill || !IsServed(vms, nodes))
                {
                    return IsServed(vms, nodes);
                }

                await timer.WaitForNextTickAsync(timed.Token);
            }
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return IsServed(vms, await agents.RunningAsync());
        }
        catch (Exception e) when (e is JournalUnreadableException or AgentException)
        {
            throw new VerbFailure($"{agent} is frozen, and a node that runs suspends its VMs; which ones cannot be told: {TerminalText.Of(e.Message)}");
        }
    }

    // Whether somebody goes on with those that do not stand still.
    private static bool IsServed(OwnedVms vms, RunningNodes nodes)
    {
        var left = vms.There.Where(vm => !vm.StandsStill).ToList();
        return left.Count == 0 ? nodes.Any : left.Exists(vm => nodes.Runs(vm.State.Node));
    }
}
