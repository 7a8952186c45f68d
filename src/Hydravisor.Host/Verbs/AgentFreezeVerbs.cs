using System.CommandLine;
using Hydravisor.Actors.Access.Agents;
using Hydravisor.Actors.Audit;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Setup;

namespace Hydravisor.Host.Verbs;

/// <summary><c>hydravisor agent freeze|thaw</c>: the brake. The file of agents says who is frozen, and the node does the rest; the journal tells when it is done.</summary>
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
        return AgentVerbs.On(verb, async (parsed, environment, file, stop) =>
        {
            var limit = SpanText.Parse("--timeout", parsed.GetRequiredValue(timeout), WaitMax);
            var text = parsed.GetRequiredValue(who);
            var frozen = "";
            var book = await file.ChangeAsync(
                before =>
                {
                    frozen = before.Resolve(text).Fingerprint;
                    return before.Freeze(frozen, environment.Time.GetUtcNow());
                },
                stop);
            var agent = book.Get(frozen)!;
            var vms = new OwnedVms(frozen, agent.FrozenAt!.Value);
            var isServed = await FollowAsync(environment, file.Directory, agent, vms, limit, stop);
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
        return AgentVerbs.On(verb, async (parsed, environment, file, stop) =>
        {
            var text = parsed.GetRequiredValue(who);
            var thawed = "";
            await file.ChangeAsync(
                book =>
                {
                    thawed = book.Resolve(text).Fingerprint;
                    return book.Thaw(thawed);
                },
                stop);
            await environment.Output.WriteLineAsync($"{thawed} thawed");
        });
    }

    // Until they stand still, or the time is over; without a node there is nothing to wait for.
    private static async Task<bool> FollowAsync(
        VerbEnvironment environment, string data, Agent agent, OwnedVms vms, TimeSpan limit, CancellationToken stop)
    {
        var journal = NodeJournal.AddressOf(DataPlace.SettingsOf(environment, data));
        using var over = new CancellationTokenSource(limit, environment.Time);
        using var timed = CancellationTokenSource.CreateLinkedTokenSource(stop, over.Token);
        using var timer = new PeriodicTimer(LookEvery, environment.Time);
        var isServed = DataDirectory.IsHeld(data);
        try
        {
            while (true)
            {
                if (journal is not JournalAddress.SqliteFile file || File.Exists(file.File))
                {
                    vms.Read(journal, stop);
                }

                if (vms.StandStill || !isServed)
                {
                    return isServed;
                }

                await timer.WaitForNextTickAsync(timed.Token);
            }
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return DataDirectory.IsHeld(data);
        }
        catch (JournalUnreadableException e)
        {
            throw new VerbFailure($"{agent} is frozen, and a node that runs suspends its VMs; which ones cannot be told: {TerminalText.Of(e.Message)}");
        }
    }
}
