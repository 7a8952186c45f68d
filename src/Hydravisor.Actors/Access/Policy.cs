using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace Hydravisor.Actors.Access;

/// <summary>Who may do what. Immutable; the decision is a pure function.</summary>
/// <remarks>
/// Until agents have keys, a connection is told apart by where it comes from: <c>hydravisor.policy.anonymous.loopback</c> and
/// <c>.remote</c> name the role that a bare connection acts in, or <c>none</c>. What nothing allows is denied.
/// </remarks>
internal sealed class Policy
{
    private static readonly string[] KnownRoles = ["trusted"];
    private readonly Dictionary<string, string> _ruleOfRole = new(StringComparer.Ordinal) { ["trusted"] = "role-trusted-all" };
    private readonly string? _loopbackRole;
    private readonly string? _remoteRole;
    private readonly HashSet<string> _recorded;

    /// <summary>Makes a policy.</summary>
    /// <param name="loopbackRole">The role of bare connections from the node itself, or <c>none</c>.</param>
    /// <param name="remoteRole">The role of bare connections from elsewhere, or <c>none</c>.</param>
    /// <param name="recorded">The roles whose VMs are recorded, whatever those who make them ask for.</param>
    /// <exception cref="ArgumentException">A role that does not exist.</exception>
    public Policy(string loopbackRole, string remoteRole, params IReadOnlyList<string> recorded)
    {
        _loopbackRole = Check(loopbackRole, "anonymous.loopback");
        _remoteRole = Check(remoteRole, "anonymous.remote");
        _recorded = recorded.Select(role => Check(role, "recorded")).OfType<string>().ToHashSet(StringComparer.Ordinal);
        var text = $"anonymous.loopback={loopbackRole}\nanonymous.remote={remoteRole}\n"
            + string.Concat(_recorded.Order(StringComparer.Ordinal).Select(role => $"recorded={role}\n"));
        Digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }

    /// <summary>SHA-256 of the policy, in hexadecimal: stands on every event that it allowed and every denial.</summary>
    public string Digest { get; }

    /// <summary>Whether a connection from this machine may speak without a credential.</summary>
    public bool TrustsLoopback => _loopbackRole is not null;

    /// <summary>Whom a bare connection from that address acts as; null where the policy has nobody for it.</summary>
    public Principal? Anonymous(IPAddress remote, string connection)
    {
        var role = IPAddress.IsLoopback(remote) ? _loopbackRole : _remoteRole;
        return role is null ? null : new Principal(Principal.Anonymous, role, connection);
    }

    /// <summary>The id of the rule that allows the permission to the principal, or null: denied by default.</summary>
    /// <param name="principal">Who asks.</param>
    /// <param name="permission">What for: the wire type of the message.</param>
    public string? RuleFor(Principal principal, string permission) =>
        permission.Length > 0 ? _ruleOfRole.GetValueOrDefault(principal.Role) : null;

    /// <summary>Whether the VMs that the principal makes are recorded, also where it does not ask for that.</summary>
    public bool Records(Principal principal) => _recorded.Contains(principal.Role);

    private static string? Check(string role, string key) =>
        role == "none" ? null
        : KnownRoles.Contains(role) ? role
        : throw new ArgumentException(
            $"hydravisor.policy.{key} = {role}: there is no such role. Known: none, {string.Join(", ", KnownRoles)}.");
}
