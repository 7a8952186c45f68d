using System.Buffers;
using System.Globalization;
using System.Text;
using CsCheck;
using Hydravisor.Actors.Access;
using Hydravisor.Actors.Access.Agents;
using Hydravisor.Actors.Access.Replay;
using Hydravisor.Actors.Tests.Recordings;
using Hydravisor.Client.Tests;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Tests.Access;

/// <summary>What is signed is let in once, and nothing else is.</summary>
public sealed class AccessControlTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly SetTime _time = new();

    private enum Trick
    {
        None,
        Replayed,
        BitFlipped,
        Early,
        Late,
        OtherRole,
        OthersKey,
        OthersName,
        BodyOfAnother,
    }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Whatever_is_done_to_valid_traffic_only_what_an_agent_signed_is_let_in_and_once() =>
        Gen.Select(Gen.Enum<Trick>(), Gen.Int[0, 2], Gen.Int[0, 2], Gen.Int[0, int.MaxValue]).Array[1, 60].Sample(
            steps =>
            {
                using var directory = new TemporaryDirectory();
                using var replay = new ReplayGuard(directory.Path, TimeSpan.FromSeconds(60), 10_000, "boot", _time);
                var agents = Enumerable.Range(0, 3).Select(_ => Agent.New(AgentKey.New(_time.GetUtcNow()), ["trusted"], null)).ToArray();
                var access = new AccessControl(TwoRoles(), AgentBook.Of(agents), replay, _time);
                var (signed, let) = (new HashSet<string>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal));
                var sent = new List<byte[]>();

                // As on one connection: what was said and granted before must help nobody.
                var memory = new WrapMemory();
                Admission.Granted? before = null;
                foreach (var ((wanted, who, other, at), number) in steps.Select((step, number) => (step, number)))
                {
                    // The first one has nothing that it could repeat.
                    var trick = sent.Count == 0 && wanted is (Trick.Replayed or Trick.BodyOfAnother) ? Trick.None : wanted;
                    var line = Line(agents[who], trick, agents[other], number);
                    if (trick == Trick.None)
                    {
                        signed.Add(ContentOf(line));
                        sent.Add(line);
                    }
                    else if (trick == Trick.Replayed)
                    {
                        line = sent[at % sent.Count];
                    }
                    else if (trick == Trick.BitFlipped)
                    {
                        // Of one that could be let in: it was never sent.
                        signed.Add(ContentOf(line));
                        line = [.. line];
                        line[at % line.Length] ^= (byte)(1 << (at % 8));
                    }
                    else if (trick == Trick.BodyOfAnother)
                    {
                        line = Spliced(line, sent[at % sent.Count]);
                    }

                    if (LineWrapping.Unwrap(line, memory).Wrapped is { } wrapped && access.Admit(wrapped, "c1", before: before) is Admission.Granted granted)
                    {
                        before = granted;
                        var content = ContentOf(line);
                        Assert.True(signed.Contains(content), $"{trick}: nobody signed {content}");
                        Assert.True(let.Add(content), $"{trick}: was let in twice: {content}");
                        Assert.Equal((wrapped.AgentFingerprint, wrapped.Role), (granted.KeyFingerprint, granted.Principal.Role));
                    }
                    else
                    {
                        Assert.True(trick != Trick.None, $"was not let in: {Encoding.UTF8.GetString(line)}");
                    }
                }
            },
            iter: 300);

    [Fact]
    public void A_key_that_expires_or_is_revoked_lets_nobody_in_and_ends_its_grants()
    {
        using var replay = new ReplayGuard(_directory.Path, TimeSpan.FromSeconds(60), 10_000, "boot", _time);
        var agent = Agent.New(AgentKey.New(_time.GetUtcNow()), ["trusted"], "bot");
        var book = AgentBook.Of([agent]);
        var access = new AccessControl(TwoRoles(), book, replay, _time);
        var granted = Assert.IsType<Admission.Granted>(access.Admit(Wrapped(Line(agent, Trick.None, agent, 1)), "c1"));
        Assert.Null(access.Ended(granted));

        var rotated = book.Rotate(agent.Fingerprint, AgentKey.New(_time.GetUtcNow()), TimeSpan.FromSeconds(30));
        access.Replace(rotated);
        Assert.Null(access.Ended(granted));
        _time.Advance(TimeSpan.FromSeconds(31));
        Assert.NotNull(access.Ended(granted));
        Assert.IsType<Admission.Denied>(access.Admit(Wrapped(Line(agent, Trick.None, agent, 2)), "c1"));

        var renewed = rotated.Get(agent.Fingerprint)!;
        var second = Assert.IsType<Admission.Granted>(access.Admit(Wrapped(Line(renewed, Trick.None, renewed, 3)), "c1"));
        Assert.Equal(agent.Fingerprint, second.Principal.Agent);
        access.Replace(rotated.Revoke(agent.Fingerprint, _time.GetUtcNow()));
        Assert.NotNull(access.Ended(second));
        Assert.Equal(ErrorCode.Unauthorized, Assert.IsType<Admission.Denied>(access.Admit(Wrapped(Line(renewed, Trick.None, renewed, 4)), "c1")).Code);
    }

    [Fact]
    public void What_was_granted_before_is_granted_again_only_while_all_that_it_was_decided_by_holds()
    {
        using var replay = new ReplayGuard(_directory.Path, TimeSpan.FromSeconds(60), 10_000, "boot", _time);
        var agent = Agent.New(AgentKey.New(_time.GetUtcNow()), ["trusted", "other"], "bot");
        var book = AgentBook.Of([agent]);
        var access = new AccessControl(TwoRoles(), book, replay, _time);
        var number = 0;
        Admission Again(Admission.Granted? before, string connection = "c1", Trick trick = Trick.None) =>
            access.Admit(Wrapped(Line(agent, trick, agent, number++)), connection, before: before);

        var granted = Assert.IsType<Admission.Granted>(Again(null));
        Assert.Same(granted, Again(granted));
        Assert.Equal("other", Assert.IsType<Admission.Granted>(Again(granted, trick: Trick.OtherRole)).Principal.Role);
        Assert.Equal("c2", Assert.IsType<Admission.Granted>(Again(granted, connection: "c2")).Principal.Connection);

        access.Replace(new Policy(new PolicyData { Roles = [PolicyRole.Trusted with { Name = "other" }], Loopback = "none", Remote = "none" }));
        Assert.Equal(ErrorCode.Forbidden, Assert.IsType<Admission.Denied>(Again(granted)).Code);
        access.Replace(TwoRoles());
        var anew = Assert.IsType<Admission.Granted>(Again(granted));
        Assert.Same(anew, Again(anew));

        access.Replace(AgentBook.Of([agent with { Roles = ["other"] }]));
        Assert.Equal(ErrorCode.Forbidden, Assert.IsType<Admission.Denied>(Again(anew)).Code);
        access.Replace(book.Freeze(agent.Fingerprint, _time.GetUtcNow()));
        Assert.Contains("frozen", Assert.IsType<Admission.Denied>(Again(anew)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_frozen_agent_is_told_why_it_is_not_let_in_and_nobody_else_is()
    {
        using var replay = new ReplayGuard(_directory.Path, TimeSpan.FromSeconds(60), 10_000, "boot", _time);
        var (agent, other) = (Agent.New(AgentKey.New(_time.GetUtcNow()), ["trusted"], "bot"), Agent.New(AgentKey.New(_time.GetUtcNow()), ["trusted"], null));
        var book = AgentBook.Of([agent, other]);
        var access = new AccessControl(TwoRoles(), book, replay, _time);
        var granted = Assert.IsType<Admission.Granted>(access.Admit(Wrapped(Line(agent, Trick.None, agent, 1)), "c1"));
        var stranger = access.Admit(Wrapped(Line(other, Trick.OthersKey, other, 2)), "c1");

        access.Replace(book.Freeze(agent.Fingerprint, _time.GetUtcNow()));
        Assert.Contains("frozen", access.Ended(granted), StringComparison.Ordinal);
        Assert.Equal(_time.GetUtcNow(), access.FrozenSince(agent.Fingerprint));
        var line = Line(agent, Trick.None, agent, 3);
        var denied = Assert.IsType<Admission.Denied>(access.Admit(Wrapped(line), "c1"));
        Assert.Equal(ErrorCode.Unauthorized, denied.Code);
        Assert.Contains("frozen", denied.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("frozen", Assert.IsType<Admission.Denied>(access.Admit(Wrapped(line), "c1")).Message, StringComparison.Ordinal);
        Assert.Equal(stranger, access.Admit(Wrapped(Line(agent, Trick.OthersKey, agent, 4)), "c1"));
        Assert.IsType<Admission.Granted>(access.Admit(Wrapped(Line(other, Trick.None, other, 5)), "c1"));

        access.Replace(book.Freeze(agent.Fingerprint, _time.GetUtcNow()).Thaw(agent.Fingerprint));
        Assert.Null(access.FrozenSince(agent.Fingerprint));
        Assert.IsType<Admission.Granted>(access.Admit(Wrapped(Line(agent, Trick.None, agent, 6)), "c1"));
        Assert.IsType<Admission.Denied>(access.Admit(Wrapped(line), "c1"));
    }

    [Fact]
    public void A_role_that_the_policy_takes_away_ends_its_grants()
    {
        using var replay = new ReplayGuard(_directory.Path, TimeSpan.FromSeconds(60), 10_000, "boot", _time);
        var agent = Agent.New(AgentKey.New(_time.GetUtcNow()), ["trusted", "other"], "bot");
        var access = new AccessControl(TwoRoles(), AgentBook.Of([agent]), replay, _time);
        var told = 0;
        access.Changed += () => told++;
        var granted = Assert.IsType<Admission.Granted>(access.Admit(Wrapped(Line(agent, Trick.OtherRole, agent, 1)), "c1"));
        access.Replace(new Policy("none", "none"));
        Assert.Equal(1, told);
        Assert.Contains("other", access.Ended(granted), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_place_for_nonces_nothing_signed_is_let_in()
    {
        var agent = Agent.New(AgentKey.New(_time.GetUtcNow()), ["trusted"], null);
        var access = new AccessControl(TwoRoles(), AgentBook.Of([agent]), replay: null, _time);
        Assert.Equal(ErrorCode.Unavailable, Assert.IsType<Admission.Denied>(access.Admit(Wrapped(Line(agent, Trick.None, agent, 1)), "c1")).Code);
    }

    [Fact]
    public void A_certificate_stands_for_the_signature_on_its_own_connections_only()
    {
        using var authority = new TestAuthority();
        using var certificate = authority.Agent();
        var key = AgentKey.OfCertificate(certificate.RawData, _time.GetUtcNow());
        var agent = Agent.New(key, ["trusted"], "bot");
        var access = new AccessControl(TwoRoles(), AgentBook.Of([agent]), new ReplayGuard(_directory.Path, TimeSpan.FromSeconds(60), 100, "boot", _time), _time);
        Assert.Equal(TestAuthority.FingerprintOf(certificate), key.Fingerprint);
        var granted = Assert.IsType<Admission.Granted>(access.Admit(Unsigned(key.Fingerprint, 1), "c1", key.Fingerprint));
        Assert.Equal((agent.Fingerprint, key.ExpiresAt), (granted.Principal.Agent, granted.ExpiresAt));
        Assert.Contains("nonce", Denied(access, Unsigned(key.Fingerprint, 1), key.Fingerprint), StringComparison.Ordinal);
        Assert.Contains("hmac is missing", Denied(access, Unsigned(key.Fingerprint, 2), null), StringComparison.Ordinal);
        Assert.Contains("hmac is missing", Denied(access, Unsigned(key.Fingerprint, 3), new string('0', 64)), StringComparison.Ordinal);
        Assert.Contains("client certificate of this connection", Denied(access, Unsigned(new string('0', 64), 4), new string('0', 64)), StringComparison.Ordinal);

        // What is signed with nothing, which everybody can.
        var forged = Unsigned(key.Fingerprint, 5);
        var hmac = System.Security.Cryptography.HMACSHA256.HashData(
            Array.Empty<byte>(), Encoding.UTF8.GetBytes($"{forged.AgentFingerprint}\n{forged.Role}\n{forged.TimestampText}\n{forged.Nonce}\n{Encoding.UTF8.GetString(forged.Message.Span)}"));
        forged = forged with { Hmac = AsciiText.Of(Convert.ToHexStringLower(hmac)) };
        Assert.Contains("not signed", Denied(access, forged, null), StringComparison.Ordinal);
        Assert.Contains("hmac cannot be right", Denied(access, forged, key.Fingerprint), StringComparison.Ordinal);

        Assert.Null(access.Ended(granted));
        access.Replace(AgentBook.Of([agent]).Revoke(agent.Fingerprint, _time.GetUtcNow()));
        Assert.NotNull(access.Ended(granted));
    }

    [Fact]
    public void A_grant_by_a_certificate_ends_with_it()
    {
        using var authority = new TestAuthority();
        using var certificate = authority.Agent(until: _time.GetUtcNow().AddHours(1));
        var key = AgentKey.OfCertificate(certificate.RawData, _time.GetUtcNow());
        var access = new AccessControl(
            TwoRoles(), AgentBook.Of([Agent.New(key, ["trusted"], null)]), new ReplayGuard(_directory.Path, TimeSpan.FromSeconds(60), 100, "boot", _time), _time);
        var granted = Assert.IsType<Admission.Granted>(access.Admit(Unsigned(key.Fingerprint, 1), "c1", key.Fingerprint));
        Assert.Null(access.Ended(granted));
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Contains("expired", access.Ended(granted), StringComparison.Ordinal);
    }

    private static string Denied(AccessControl access, WrappedLine line, string? certificate)
    {
        var denied = Assert.IsType<Admission.Denied>(access.Admit(line, "c1", certificate));
        Assert.Equal(ErrorCode.Unauthorized, denied.Code);
        return denied.Message;
    }

    private WrappedLine Unsigned(string fingerprint, int number)
    {
        var to = new ArrayBufferWriter<byte>();
        LineWrapping.WrapUnsigned(
            new VmStateQuery { InstanceId = Samples.Id.Value }, fingerprint, "trusted", _time.GetUtcNow(), string.Create(CultureInfo.InvariantCulture, $"nonce-{number:D16}"), to);
        return Wrapped(to.WrittenMemory[..^1].ToArray());
    }

    private static Policy TwoRoles() =>
        new(new PolicyData { Roles = [PolicyRole.Trusted, PolicyRole.Trusted with { Name = "other" }], Loopback = "none", Remote = "none" });

    private static WrappedLine Wrapped(byte[] line) => LineWrapping.Unwrap(line).Wrapped!;

    // What counts of a line; the case of a signature's digits does not.
    private static string ContentOf(byte[] line)
    {
        var wrapped = Wrapped(line);
        return $"{wrapped.AgentFingerprint} {wrapped.Role} {wrapped.TimestampText} {wrapped.Nonce} {Encoding.UTF8.GetString(wrapped.Message.Span)}";
    }

    private static byte[] Spliced(byte[] line, byte[] another)
    {
        var (head, body) = (Encoding.UTF8.GetString(line), Encoding.UTF8.GetString(another));
        const string Mark = "\"message\":";
        return Encoding.UTF8.GetBytes(head[..head.IndexOf(Mark, StringComparison.Ordinal)] + body[body.IndexOf(Mark, StringComparison.Ordinal)..]);
    }

    private byte[] Line(Agent agent, Trick trick, Agent other, int number)
    {
        var to = new ArrayBufferWriter<byte>();
        var message = new VmStateQuery { InstanceId = Samples.Id.Value, Meta = new MessageMeta { RequestId = string.Create(CultureInfo.InvariantCulture, $"r{number}") } };
        var role = trick == Trick.OtherRole ? "other" : "trusted";
        var at = _time.GetUtcNow().AddSeconds(trick switch { Trick.Early => 61, Trick.Late => -61, _ => number % 60 });
        var nonce = string.Create(CultureInfo.InvariantCulture, $"nonce-{agent.Fingerprint[..8]}-{number:D8}");
        var key = trick == Trick.OthersKey ? AgentKey.New(at) : agent.Keys[^1];
        LineWrapping.Wrap(message, key.Key, role, at, nonce, to);
        var line = Encoding.UTF8.GetString(to.WrittenSpan[..^1]);
        return Encoding.UTF8.GetBytes(trick switch
        {
            Trick.OthersName => line.Replace(agent.Keys[^1].Fingerprint, other.Keys[^1].Fingerprint + (other == agent ? "0" : ""), StringComparison.Ordinal),
            Trick.OthersKey => line.Replace(key.Fingerprint, agent.Keys[^1].Fingerprint, StringComparison.Ordinal),
            _ => line,
        });
    }
}
