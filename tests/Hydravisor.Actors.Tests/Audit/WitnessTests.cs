using System.Net;
using System.Net.Sockets;
using System.Text;
using Hydravisor.Actors.Audit.Checkpoints;

namespace Hydravisor.Actors.Tests.Audit;

public sealed class WitnessTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_file_gets_a_line_for_each_and_keeps_those_it_has()
    {
        var file = Path.Combine(_directory.Path, "w.jsonl");
        for (var i = 0; i < 3; i++)
        {
            using var witness = Witnesses.Open("file:" + file)!;
            await witness.TellAsync($"{{\"number\":{i}}}", CancellationToken.None);
        }

        Assert.Equal(["{\"number\":0}", "{\"number\":1}", "{\"number\":2}"], await File.ReadAllLinesAsync(file));
    }

    [Fact]
    public async Task A_file_whose_directory_is_not_there_is_said()
    {
        using var witness = Witnesses.Open("file:" + Path.Combine(_directory.Path, "not", "w.jsonl"))!;
        await Assert.ThrowsAnyAsync<IOException>(() => witness.TellAsync("{}", CancellationToken.None));
    }

    [Fact]
    public async Task Syslog_gets_a_message_of_authpriv_notice()
    {
        var path = Path.Combine(_directory.Path, "log");
        using var log = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        log.Bind(new UnixDomainSocketEndPoint(path));
        using var witness = Witnesses.Open("syslog:" + path)!;
        await witness.TellAsync("{\"number\":1}", CancellationToken.None);
        var buffer = new byte[1000];
        var length = await log.ReceiveAsync(buffer).WaitAsync(Wait.Limit);
        Assert.Equal($"<85>hydravisor[{Environment.ProcessId}]: checkpoint {{\"number\":1}}", Encoding.UTF8.GetString(buffer, 0, length));
        log.Close();
        File.Delete(path);
        await Assert.ThrowsAnyAsync<SocketException>(() => witness.TellAsync("{}", CancellationToken.None));
    }

    [Fact]
    public async Task A_web_service_takes_it_by_any_2xx_and_by_nothing_else()
    {
        using var listener = new HttpListener();
        var address = $"http://127.0.0.1:{LocalPort.Free()}/checkpoints/";
        listener.Prefixes.Add(address);
        listener.Start();
        using var witness = Witnesses.Open(address)!;
        Assert.Equal(("POST", "application/json", "{\"number\":1}"), await TellAsync(listener, witness, 204));
        await Assert.ThrowsAsync<HttpRequestException>(() => TellAsync(listener, witness, 500));
    }

    [Theory]
    [InlineData("file:relative")]
    [InlineData("ftp://witness")]
    [InlineData("syslog:relative")]
    [InlineData("elsewhere")]
    public void What_is_no_witness_is_said_with_what_would_be_one(string address) =>
        Assert.Contains("file:/PATH", Assert.Throws<FormatException>(() => Witnesses.Open(address)).Message, StringComparison.Ordinal);

    private static async Task<(string, string?, string)> TellAsync(HttpListener listener, IWitness witness, int status)
    {
        var telling = witness.TellAsync("{\"number\":1}", CancellationToken.None);
        var context = await listener.GetContextAsync().WaitAsync(Wait.Limit);
        using var reader = new StreamReader(context.Request.InputStream);
        var heard = (context.Request.HttpMethod, context.Request.ContentType, await reader.ReadToEndAsync());
        context.Response.StatusCode = status;
        context.Response.Close();
        await telling.WaitAsync(Wait.Limit);
        return heard;
    }
}
