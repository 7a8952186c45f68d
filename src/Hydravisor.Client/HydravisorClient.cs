using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Threading.Channels;
using Hydravisor.Protocol;

namespace Hydravisor.Client;

/// <summary>
/// One connection to a node. Thread-safe: any number of requests may be in flight, replies find their callers by
/// <c>meta.request_id</c>. Heartbeats of the node are answered by itself. When the connection is lost every caller fails at
/// once with <see cref="HydravisorConnectionException"/>, and the client is of no more use: connect anew.
/// </summary>
public sealed partial class HydravisorClient : IAsyncDisposable
{
    private readonly HydravisorClientOptions _options;
    private readonly LineConnection _connection;
    private readonly RequestTable _requests = new();
    private readonly ConcurrentDictionary<StateWatch, byte> _watches = new();
    private readonly Channel<VmStateMessage> _broadcasts;
    private readonly FeedTable _feeds = new();
    private readonly string _requestIdPrefix = Guid.NewGuid().ToString("N");
    private readonly Task _reading;
    private long _requestCount;
    private long _broadcastsLost;
    private int _answeringHeartbeat;
    private int _disposed;
    private ErrorMessage? _lastWord;
    private Authorize? _grant;

    private HydravisorClient(Stream stream, HydravisorClientOptions options)
    {
        _options = options;
        _connection = new LineConnection(stream, options);
        _broadcasts = Channel.CreateBounded<VmStateMessage>(
            new BoundedChannelOptions(options.BroadcastsMax)
            {
                FullMode = BoundedChannelFullMode.DropOldest,
                SingleWriter = true,
            },
            _ => Interlocked.Increment(ref _broadcastsLost));
        _reading = ReadAsync();
    }

    /// <summary>
    /// What the node tells about VMs without being asked for this very answer. At most
    /// <see cref="HydravisorClientOptions.BroadcastsMax"/> wait for the reader; when it is full the oldest is dropped and
    /// counted in <see cref="BroadcastsLost"/>. Each message shows a whole VM, so after a loss ask for the states and go on.
    /// Completes when the connection ends.
    /// </summary>
    public ChannelReader<VmStateMessage> Broadcasts => _broadcasts.Reader;

    /// <summary>How many broadcasts were dropped since the reader was too far behind.</summary>
    public long BroadcastsLost => Interlocked.Read(ref _broadcastsLost);

    /// <summary>
    /// The node's last word on who this client is: a grant, or why there is none (any more). None before the first message with a
    /// <see cref="HydravisorClientOptions.Credential"/> was answered, and without a credential.
    /// </summary>
    public Authorize? Grant => Volatile.Read(ref _grant);

    /// <summary>Completes when the connection has ended, however that came; never fails.</summary>
    public Task Closed => _reading;

    /// <summary>Connects to a node.</summary>
    /// <param name="host">A name or an address.</param>
    /// <param name="port">1 to 65535; a node's default is 7411.</param>
    /// <param name="options">How to behave; <see langword="null"/> for the defaults.</param>
    /// <param name="cancellation">Ends the attempt.</param>
    /// <exception cref="HydravisorConnectionException">Nobody answers there, or, with TLS, not the node that should.</exception>
    /// <exception cref="ArgumentException">The credential is a certificate, and not the one that the connection is to be made with.</exception>
    public static async Task<HydravisorClient> ConnectAsync(
        string host, int port, HydravisorClientOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(host);
        ArgumentOutOfRangeException.ThrowIfLessThan(port, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(port, 65535);
        options ??= new HydravisorClientOptions();
        if (options.Credential is { IsCertificate: true } shown && (options.Tls?.Certificate is not { } own || MessageSignature.FingerprintOf(own.RawData) != shown.Fingerprint))
        {
            throw new ArgumentException("The credential is a certificate: connect with it, as Tls.Certificate.", nameof(options));
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using var limit = new CancellationTokenSource(options.ConnectTimeout, options.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            await socket.ConnectAsync(host, port, either.Token).ConfigureAwait(false);
            return new HydravisorClient(
                options.Tls is { } tls
                    ? await TlsHandshake.RunAsync(socket, host, tls, either.Token).ConfigureAwait(false)
                    : new NetworkStream(socket, ownsSocket: true),
                options);
        }
        catch (Exception fault)
        {
            socket.Dispose();
            if (fault is SocketException or AuthenticationException or IOException || (fault is OperationCanceledException && !cancellation.IsCancellationRequested))
            {
                throw new HydravisorConnectionException($"Cannot connect to {host}:{port}: {Reason(fault, options)}.", fault);
            }

            throw;
        }
    }

    /// <summary>Sends a message and waits for its reply.</summary>
    /// <typeparam name="TReply">
    /// The kind of reply that this message has; a question for the state of <c>*</c>, which the node answers line by line, has
    /// a <see cref="VmListReply"/> here.
    /// </typeparam>
    /// <param name="message">Gets a request id if it has none; a given one must not be in flight already.</param>
    /// <param name="cancellation">Ends the waiting, not what the node does.</param>
    /// <exception cref="HydravisorException">The node refused or failed.</exception>
    /// <exception cref="HydravisorConnectionException">The connection is lost; whether the node has done it is not
    /// known.</exception>
    /// <exception cref="TimeoutException">No reply in <see cref="HydravisorClientOptions.RequestTimeout"/>; as above.</exception>
    /// <exception cref="ProtocolException">The reply is of another kind or could not be read.</exception>
    public Task<TReply> SendAsync<TReply>(ClientMessage message, CancellationToken cancellation = default)
        where TReply : ServerMessage => SendPatientlyAsync<TReply>(message, TimeSpan.Zero, cancellation);

    private async Task<TReply> SendPatientlyAsync<TReply>(ClientMessage message, TimeSpan more, CancellationToken cancellation)
        where TReply : ServerMessage
    {
        ArgumentNullException.ThrowIfNull(message);
        var requestId = message.Meta?.RequestId ?? NextRequestId();
        var identified = message.Meta?.RequestId is null
            ? message with { Meta = (message.Meta ?? new MessageMeta()) with { RequestId = requestId } }
            : message;
        var replied = _requests.Open(requestId, isSeries: message is VmStateQuery { InstanceId: VmStateQuery.Every });
        try
        {
            await HandOverAsync(identified, cancellation).ConfigureAwait(false);
            var reply = await replied.WaitAsync(_options.RequestTimeout + more, _options.Clock, cancellation).ConfigureAwait(false);
            return reply as TReply
                ?? throw new ProtocolException(
                    $"The node answered {message.Type} with {reply.Type}, which is no {typeof(TReply).Name}.");
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"The node did not answer {message.Type} in {(_options.RequestTimeout + more).TotalSeconds} s.");
        }
        finally
        {
            _requests.Forget(requestId);
        }
    }

    /// <summary>
    /// Follows a VM until it is as wanted; looks at what it is now and at every broadcast, never at news older than what was
    /// seen. Ends with <see cref="HydravisorException"/> (404) if there is no such VM, also if it was deleted before.
    /// </summary>
    /// <param name="instanceId">The VM.</param>
    /// <param name="predicate">Whether the VM is as wanted; quick, since it runs where the connection is read.</param>
    /// <param name="cancellation">Ends the waiting; give a limit, since a VM may never get there.</param>
    public async Task<VmStateMessage> WaitForStateAsync(
        string instanceId, Func<VmStateMessage, bool> predicate, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        ArgumentNullException.ThrowIfNull(predicate);
        var watch = new StateWatch(instanceId, predicate);
        _watches.TryAdd(watch, 0);
        try
        {
            // The answer comes by the same road as the broadcasts, so it is offered to the watch in its turn.
            await FollowAsync(instanceId, cancellation).ConfigureAwait(false);
            return await watch.Reached.WaitAsync(cancellation).ConfigureAwait(false);
        }
        catch (HydravisorException) when (watch.Reached.IsCompletedSuccessfully)
        {
            // A deleted VM: its last broadcast came, and then there was nothing left to ask for.
            return await watch.Reached.ConfigureAwait(false);
        }
        finally
        {
            _watches.TryRemove(watch, out _);
        }
    }

    /// <summary>Closes the connection; who still waits fails with <see cref="HydravisorConnectionException"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            var closed = new HydravisorConnectionException("The connection was closed by this side.");
            _requests.Close(closed);
            _feeds.Close(closed);
            await _connection.DisposeAsync().ConfigureAwait(false);
        }

        await _reading.ConfigureAwait(false);
    }

    private static string Reason(Exception fault, HydravisorClientOptions options) => fault switch
    {
        SocketException { SocketErrorCode: SocketError.ConnectionRefused } => "nobody listens there",
        OperationCanceledException => $"no answer in {options.ConnectTimeout.TotalSeconds} s",
        IOException => $"the connection broke off in the TLS handshake ({fault.Message.TrimEnd('.')})",
        _ => fault.Message,
    };

    private string NextRequestId() =>
        string.Create(CultureInfo.InvariantCulture, $"{_requestIdPrefix}-{Interlocked.Increment(ref _requestCount)}");

    private async ValueTask HandOverAsync(ClientMessage message, CancellationToken cancellation)
    {
        try
        {
            await _connection.SendAsync(message, cancellation).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is IOException or ObjectDisposedException or InvalidOperationException)
        {
            throw new HydravisorConnectionException("The connection to the node is lost.", fault);
        }
    }

    private async Task ReadAsync()
    {
        var reason = "The node closed the connection";
        Exception? cause = null;
        try
        {
            await _connection.ReadAsync(Receive, NotUnderstood).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is IOException or ObjectDisposedException or ProtocolException)
        {
            (reason, cause) = ("The connection to the node is lost", fault);
        }

        var said = _lastWord is { } word ? $"; its last word was {(int)word.Code}: {word.Message}" : "";
        var lost = new HydravisorConnectionException($"{reason}{said}{(cause is null ? "" : $" ({cause.Message})")}.", cause);
        _requests.Close(lost);
        foreach (var watch in _watches.Keys)
        {
            watch.Fail(RequestTable.Closed(lost));
        }

        _broadcasts.Writer.TryComplete();
        _feeds.Close(lost);
    }

    private ValueTask Receive(ServerMessage message)
    {
        if (message is Authorize word)
        {
            // Before the requests are looked at: it may bear the id of one, but is not its reply.
            Take(word);
            return ValueTask.CompletedTask;
        }

        if (message is VmStateMessage state)
        {
            foreach (var watch in _watches.Keys)
            {
                watch.Offer(state);
            }
        }

        if (message.Meta?.RequestId is { } requestId && _requests.Answer(requestId, message))
        {
            return ValueTask.CompletedTask;
        }

        switch (message)
        {
            case ModelLog log:
                return _feeds.LogAsync(log);
            case TerminalOutput output:
                return _feeds.OutputAsync(output);
            case ErrorMessage { Meta: null, InstanceId: { } instanceId } ended when _feeds.End(instanceId, new HydravisorException(ended)):
                break;
            case VmStateMessage news:
                _broadcasts.Writer.TryWrite(news);
                break;
            case HeartbeatRequest:
                _ = AnswerHeartbeatAsync();
                break;
            case ErrorMessage { Meta: null } last:
                _lastWord = last;
                break;
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>
    /// A denial of the first message is one of all that went out with the same credential. One that comes later ends a grant, and
    /// what is in flight then is answered one by one.
    /// </summary>
    private void Take(Authorize word)
    {
        var isFirst = _grant is null;
        Volatile.Write(ref _grant, word);
        if (isFirst && !word.Granted)
        {
            var denial = new ErrorMessage
            {
                Code = word.Code ?? ErrorCode.Unauthorized,
                Message = word.Message ?? "The node did not accept the credential.",
            };
            _requests.FailAll(() => new HydravisorException(denial));
        }
    }

    private void NotUnderstood(ProtocolException fault)
    {
        if (fault.RequestId is { } requestId)
        {
            _requests.Fail(requestId, fault);
        }
    }

    /// <summary>One answer at a time, and never on the reading side: whoever waits to send there would stop to read.</summary>
    private async Task AnswerHeartbeatAsync()
    {
        if (Interlocked.Exchange(ref _answeringHeartbeat, 1) != 0)
        {
            return;
        }

        try
        {
            await _connection.SendAsync(new Heartbeat { Ok = true }, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // The connection is lost; its reader tells everybody.
        }
        finally
        {
            Volatile.Write(ref _answeringHeartbeat, 0);
        }
    }
}
