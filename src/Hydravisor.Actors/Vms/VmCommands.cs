using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;
using Hydravisor.Actors.Access;
using Hydravisor.Actors.Journal;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Vms;

/// <summary>What an agent may want of one VM. Imperative; closed.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "command")]
[JsonDerivedType(typeof(Create), "create")]
[JsonDerivedType(typeof(Start), "start")]
[JsonDerivedType(typeof(Stop), "stop")]
[JsonDerivedType(typeof(Suspend), "suspend")]
[JsonDerivedType(typeof(Resume), "resume")]
[JsonDerivedType(typeof(Reboot), "reboot")]
[JsonDerivedType(typeof(Delete), "delete")]
[JsonDerivedType(typeof(Attach), "attach")]
[JsonDerivedType(typeof(Exec), "exec")]
[JsonDerivedType(typeof(Type), "type")]
internal abstract record VmCommand
{
    private VmCommand()
    {
    }

    /// <summary>Make it. The node has given it an id, found its image and kept room for it.</summary>
    public sealed record Create(string Node, string RequestDigest, VmSpec Spec) : VmCommand;

    /// <summary>Boot it.</summary>
    public sealed record Start : VmCommand;

    /// <summary>Shut it down; forced: without asking the guest.</summary>
    public sealed record Stop(bool Forced) : VmCommand;

    /// <summary>Let its processors stand still.</summary>
    public sealed record Suspend : VmCommand;

    /// <summary>Let its processors run on.</summary>
    public sealed record Resume : VmCommand;

    /// <summary>Reboot the guest.</summary>
    public sealed record Reboot : VmCommand;

    /// <summary>Remove it with all it has.</summary>
    public sealed record Delete : VmCommand;

    /// <summary>Open its terminal.</summary>
    public sealed record Attach(TerminalRole Role) : VmCommand;

    /// <summary>Run a program in its guest.</summary>
    public sealed record Exec(IReadOnlyList<string> Argv, byte[]? Stdin, int LimitSeconds) : VmCommand
    {
        private const int ArgvShownChars = 1024;

        /// <summary>What is written down before it is run.</summary>
        public LedgerEvents.Executing ToEvent(VmView view)
        {
            var argv = string.Join(' ', Argv);
            return new LedgerEvents.Executing(
                view.Id.Value,
                view.Incarnation,
                argv.Length <= ArgvShownChars ? argv : argv[..ArgvShownChars] + "…",
                Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(Argv.Select(argument => argument + "\0"))))),
                Stdin?.Length ?? 0,
                Digest(Stdin));
        }

        /// <summary>What is written down when it has ended.</summary>
        /// <param name="before">What was written down before.</param>
        /// <param name="reply">What is answered.</param>
        public static LedgerEvents.Executed ToEvent(LedgerEvents.Executing before, VmReply reply)
        {
            var (ended, denied) = (reply as VmReply.Executed, reply as VmReply.Denied);
            return new LedgerEvents.Executed(
                before.InstanceId, before.Incarnation, before.ArgvSha256, ended?.ExitCode, (int?)denied?.Code ?? 200, denied?.Message,
                ended?.Output.Length ?? 0, Digest(ended?.Output), ended?.Errors.Length ?? 0, Digest(ended?.Errors), ended?.Truncated ?? false);
        }

        private static string? Digest(byte[]? bytes) => bytes is null ? null : Convert.ToHexStringLower(SHA256.HashData(bytes));
    }

    /// <summary>Type into its console. Compared by reference.</summary>
    public sealed record Type(byte[] Bytes) : VmCommand;
}

/// <summary>What is sent to a VM: all of it can travel between nodes.</summary>
internal interface IVmMessage
{
    /// <summary>Which VM.</summary>
    InstanceId Id { get; }

    /// <summary>The number under which the sender awaits the answer.</summary>
    long Correlation { get; }

    /// <summary>Who asks, and which VMs he may touch: of any other one he hears that it is not there.</summary>
    VmReach Reach { get; }
}

/// <summary>A command, allowed by the policy.</summary>
/// <param name="Id">Which VM.</param>
/// <param name="Correlation">The number under which the sender awaits the answer.</param>
/// <param name="Incarnation">The incarnation that the agent thinks it talks to, where it says so.</param>
/// <param name="Command">What to do, by whose leave.</param>
internal sealed record VmAsk(InstanceId Id, long Correlation, long? Incarnation, Authorised<VmCommand> Command) : IVmMessage
{
    /// <inheritdoc/>
    [JsonIgnore]
    public VmReach Reach => Command.Reach;
}

/// <summary>Asks for the state.</summary>
/// <param name="Id">Which VM.</param>
/// <param name="Correlation">The number under which the sender awaits the answer.</param>
/// <param name="Incarnation">The incarnation that the agent thinks it talks to, where it says so.</param>
/// <param name="Reach">The VMs that the sender may see.</param>
/// <param name="AlsoGone">Whether one that was deleted is shown, as long as it is remembered.</param>
internal sealed record VmQuery(InstanceId Id, long Correlation, long? Incarnation, VmReach Reach, bool AlsoGone = false) : IVmMessage;
