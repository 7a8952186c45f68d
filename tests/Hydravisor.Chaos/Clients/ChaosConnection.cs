using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hydravisor.Chaos.Histories;

namespace Hydravisor.Chaos.Clients;

/// <summary>A connection of one client to one node, which notes all that goes over it.</summary>
internal sealed class ChaosConnection : IAsyncDisposable
{
    // Longer than a node needs for a refusal in any of the faults but those in which it cannot answer at all.
    private static readonly TimeSpan AnswerTimeMax = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan ConnectTimeMax = TimeSpan.FromSeconds(2);
    private static int _count;

    private readonly History _history;
    private readonly Sightings _sightings;
    private readonly ConcurrentDictionary<string, long> _places;
    private readonly int _client;
    private readonly int _number = Interlocked.Increment(ref _count);
    private readonly Socket _socket;
    private readonly NetworkStream _stream;
    private readonly ConcurrentDictionary<string, Question> _open = new();
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly Task _reading;
    private volatile bool _ended;

    private ChaosConnection(History history, Sightings sightings, ConcurrentDictionary<string, long> places, int client, string node, Socket socket)
    {
        (_history, _sightings, _places, _client, Node, _socket) = (history, sightings, places, client, node, socket);
        _stream = new NetworkStream(socket, ownsSocket: true);
        _history.Add(at => new Connected(at, client, _number, node));
        _reading = ReadAsync();
    }

    /// <summary>The node at its other end.</summary>
    public string Node { get; }

    /// <summary>The VMs whose logs it follows.</summary>
    public ConcurrentDictionary<string, byte> Follows { get; } = new();

    /// <summary>Whether it has not ended yet.</summary>
    public bool IsOpen => !_ended;

    /// <summary>Connects; null where nobody answers in time.</summary>
    /// <param name="history">Where all is noted.</param>
    /// <param name="sightings">Where the VMs that it is shown are kept.</param>
    /// <param name="places">Where the number is kept that comes next in the log of each VM.</param>
    /// <param name="client">Whose it is.</param>
    /// <param name="node">The name of the node.</param>
    /// <param name="endpoint">Where it listens.</param>
    public static async Task<ChaosConnection?> OpenAsync(
        History history, Sightings sightings, ConcurrentDictionary<string, long> places, int client, string node, IPEndPoint endpoint)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using var limit = new CancellationTokenSource(ConnectTimeMax);
        try
        {
            await socket.ConnectAsync(endpoint, limit.Token);
            return new ChaosConnection(history, sightings, places, client, node, socket);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            socket.Dispose();
            return null;
        }
    }

    /// <summary>Asks, and waits for the answer; null: it does not come, and the connection has ended.</summary>
    /// <param name="requestId">The request id.</param>
    /// <param name="message">The message, without it.</param>
    public async Task<Answered?> AskAsync(string requestId, JsonObject message)
    {
        var (type, vm) = (message["type"]!.GetValue<string>(), message["instance_id"]?.GetValue<string>());
        var line = message.DeepClone().AsObject();
        if (line["meta"] is not JsonObject meta)
        {
            line["meta"] = meta = [];
        }

        meta["request_id"] = requestId;
        var question = new Question(type, vm);
        _history.Add(at => new Asked(at, _client, _number, Node, requestId, type, vm));
        _open[requestId] = question;
        if (_ended)
        {
            question.Answer.TrySetResult(null);
        }

        await WriteAsync(line.ToJsonString());
        Answered? answer = null;
        try
        {
            answer = await question.Answer.Task.WaitAsync(AnswerTimeMax);
        }
        catch (TimeoutException)
        {
            End($"no answer to {requestId} within {AnswerTimeMax.TotalSeconds} s");
        }

        if (answer is null)
        {
            _history.Add(at => new Unanswered(at, _client, _number, Node, requestId, type, vm));
        }

        return answer;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        End("closed by the client");
        await _reading;
        _writing.Dispose();
    }

    private async Task WriteAsync(string line)
    {
        await _writing.WaitAsync();
        try
        {
            using var limit = new CancellationTokenSource(AnswerTimeMax);
            await _stream.WriteAsync(Encoding.UTF8.GetBytes(line + "\n"), limit.Token);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            End(e.Message);
        }
        finally
        {
            _writing.Release();
        }
    }

    private async Task ReadAsync()
    {
        try
        {
            using var reader = new StreamReader(_stream, Encoding.UTF8, leaveOpen: true);
            while (await reader.ReadLineAsync() is { } text)
            {
                using var line = JsonDocument.Parse(text);
                Take(line.RootElement);
            }

            End("the node closed it");
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or JsonException)
        {
            // A line that was begun when its node was killed is the end, not an answer.
            End(e.Message);
        }
    }

    private void End(string why)
    {
        lock (_open)
        {
            if (_ended)
            {
                return;
            }

            _ended = true;
        }

        _history.Add(at => new Disconnected(at, _client, _number, Node, why));
        _socket.Dispose();
        foreach (var question in _open.Values)
        {
            question.Answer.TrySetResult(null);
        }
    }

    private void Take(JsonElement line)
    {
        foreach (var state in line.States())
        {
            _sightings.See(state);
        }

        if (line.RequestId() is { } requestId)
        {
            if (_open.TryGetValue(requestId, out var question) && question.Takes(line))
            {
                _open.TryRemove(requestId, out _);
                Note(requestId, question, line);
            }
        }
        else if (line.Text("type") == "model/log")
        {
            TakeLog(line);
        }
        else if (line.Text("type") == "vm/state" && line.State() is { } state)
        {
            _history.Add(at => new Heard(at, _client, _number, Node, state));
        }
        else if (line.Text("type") == "mcp/error" && line.Text("instance_id") is { } vm)
        {
            Follows.TryRemove(vm, out _);
            _history.Add(at => new LogEnded(at, _client, _number, Node, vm, (int)(line.Number("code") ?? 0)));
        }
    }

    private void Note(string requestId, Question question, JsonElement line)
    {
        var failed = line.Text("type") == "mcp/error";
        var vm = line.Text("instance_id") ?? question.Vm;
        Answered? answer = null;
        _history.Add(at => answer = new Answered(
            at, _client, _number, Node, requestId, question.Type, vm, failed ? (int)(line.Number("code") ?? 500) : 0, failed ? line.Text("message") : null,
            line.Number("incarnation"), [.. question.States]));
        if (!failed && question.Type == "log/subscribe")
        {
            _places[vm!] = line.Number("next") ?? 1;
            _history.Add(at => new LogBegun(at, _client, _number, Node, vm!, line.Number("next") ?? 1));
        }

        question.Answer.TrySetResult(answer);
    }

    private void TakeLog(JsonElement line)
    {
        var vm = line.Text("source")!;
        foreach (var entry in line.GetProperty("payload").EnumerateArray())
        {
            if (entry.TryGetProperty("gap", out var gap))
            {
                var (from, to) = (gap.Number("from") ?? 0, gap.Number("to") ?? 0);
                _places[vm] = to + 1;
                _history.Add(at => new LogGap(at, _client, _number, Node, vm, from, to));
                continue;
            }

            var (number, content) = (entry.Number("seq") ?? 0, entry.GetRawText());
            _places[vm] = number + 1;
            _history.Add(at => new LogLine(at, _client, _number, Node, vm, number, content));
        }
    }

    private sealed class Question(string type, string? vm)
    {
        /// <summary>What is asked.</summary>
        public string Type { get; } = type;

        /// <summary>Of which VM.</summary>
        public string? Vm { get; } = vm;

        /// <summary>The states that came.</summary>
        public List<SeenState> States { get; } = [];

        /// <summary>Completed with the answer; with null where none comes.</summary>
        public TaskCompletionSource<Answered?> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Takes a line of the answer.</summary>
        /// <returns>Whether that was its last one: all VMs come one by one before it.</returns>
        public bool Takes(JsonElement line)
        {
            States.AddRange(line.States());
            return !(Vm == "*" && line.Text("type") == "vm/state" && line.Text("instance_id") != "*");
        }
    }
}
