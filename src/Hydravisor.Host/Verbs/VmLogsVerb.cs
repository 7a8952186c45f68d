using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Hydravisor.Protocol;

namespace Hydravisor.Host.Verbs;

/// <summary><c>hydravisor vm logs VM</c>: what a VM's console, its guest and its life have said.</summary>
internal static class VmLogsVerb
{
    /// <summary>The verb.</summary>
    public static Command Build(ClientVerb verb)
    {
        var target = VmVerbs.Target();
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on with what comes, until interrupted" };
        var from = new Option<LogFrom?>("--from")
        {
            Description = "Begin at the start, at the tail (only what comes; with --follow), or at a sequence number",
            HelpName = "start|tail|NUMBER",
            CustomParser = Place,
        };
        var tail = new Option<long?>("--tail", "-n")
        {
            Description = $"Begin with the last entries, so many (1 to {Limits.LogQueryEntriesMax})",
            HelpName = "COUNT",
            CustomParser = VmVerbs.WholeNumber,
        };
        var stream = new Option<string[]>("--stream") { Description = "Only entries of this stream; may be given several times", DefaultValueFactory = _ => [] };
        stream.AcceptOnlyFromAmong("console", "guest", "lifecycle");
        var command = new Command("logs", "Show what the VM's console, its guest and its life have said; with -o json one object a line")
        {
            target, follow, from, tail, stream,
        };
        return verb.On(command, async (call, stop) =>
        {
            var id = await VmTarget.ResolveAsync(call.Client, call.Parsed.GetRequiredValue(target), stop);
            var output = new LogOutput(call.Environment, call.Output.IsJson, call.Parsed.GetValue(stream) ?? []);
            var begin = call.Parsed.GetValue(from) ?? LogFrom.Start;
            var left = long.MaxValue;
            if (call.Parsed.GetValue(tail) is { } count)
            {
                // An answer has a limit of its own: the last of the last entries may come with the next one.
                var last = await call.Client.QueryLogAsync(id, LogFrom.Tail, count, stop);
                output.Show(last.Payload);
                (begin, left) = (GoOn(last), count - Entries(last));
            }

            await (call.Parsed.GetValue(follow) ? FollowAsync(call, id, begin, output, stop) : ReadAsync(call, id, begin, left, output, stop));
        });
    }

    private static async Task ReadAsync(VerbCall call, string id, LogFrom from, long left, LogOutput output, CancellationToken stop)
    {
        while (left > 0)
        {
            var page = await call.Client.QueryLogAsync(id, from, Math.Min(left, Limits.LogQueryEntriesDefault), stop);
            if (page.Payload.Count == 0)
            {
                return;
            }

            output.Show(page.Payload);
            (from, left) = (GoOn(page), left - Entries(page));
        }
    }

    private static LogFrom GoOn(ModelLog page) => LogFrom.At(page.Next ?? throw new ProtocolException("The node did not say where its log goes on."));

    private static int Entries(ModelLog page) => page.Payload.Count(entry => entry.Gap is null);

    private static async Task FollowAsync(VerbCall call, string id, LogFrom from, LogOutput output, CancellationToken stop)
    {
        var feed = await call.Client.FollowLogAsync(id, from, stop);
        await foreach (var message in feed.Messages.ReadAllAsync(stop))
        {
            output.Show(message.Payload);
        }
    }

    private static LogFrom? Place(ArgumentResult given)
    {
        var text = given.Tokens[0].Value;
        if (text is "start" or "tail")
        {
            return new LogFrom(text, null);
        }

        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seq) && seq > 0)
        {
            return LogFrom.At(seq);
        }

        given.AddError($"--from {text}: it must be start, tail, or a sequence number from 1.");
        return null;
    }
}
