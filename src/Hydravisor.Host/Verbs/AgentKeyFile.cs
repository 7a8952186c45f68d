using System.Buffers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Hydravisor.Client;
using Hydravisor.Protocol;

namespace Hydravisor.Host.Verbs;

/// <summary>
/// The credential of a verb: a key out of a file, and a role. A key is never taken from the command line or a variable, where
/// others could read it, and nothing that was in the file is ever printed.
/// </summary>
internal static class AgentKeyFile
{
    private const int BytesMax = 64 * 1024;

    /// <summary>Shorter than this no text is a key in base64.</summary>
    private const int KeyCharsMin = 22;

    private const string Right = "it must hold the key in base64, or the JSON that \"hydravisor agent add -o json\" prints";

    /// <summary>What keys are written in, whichever base64 or hexadecimal it is.</summary>
    private static readonly SearchValues<char> KeyChars =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_");

    /// <summary>The credential that was asked for; none if none was.</summary>
    /// <param name="file">What <c>--key</c> says, before <c>HYDRAVISOR_KEY</c>.</param>
    /// <param name="role">What <c>--role</c> says, before <c>HYDRAVISOR_ROLE</c> and what the file says.</param>
    /// <param name="certificate">The certificate that the connection is made with: without a key it is who the agent is.</param>
    /// <param name="variable">Environment variables.</param>
    /// <exception cref="VerbFailure">There is something wrong with it; says what would be right.</exception>
    public static AgentCredential? Read(string? file, string? role, X509Certificate2? certificate, Func<string, string?> variable)
    {
        var (name, source) = string.IsNullOrEmpty(file) ? (variable("HYDRAVISOR_KEY"), "HYDRAVISOR_KEY") : (file, "--key");
        if (string.IsNullOrEmpty(name) && certificate is not null)
        {
            return new AgentCredential(certificate, RoleOf([role, variable("HYDRAVISOR_ROLE")], "a certificate"));
        }

        if (string.IsNullOrEmpty(name))
        {
            return string.IsNullOrEmpty(role)
                ? null
                : throw Wrong($"the role {Shown(role)} needs a key to sign with: give --key FILE, or set HYDRAVISOR_KEY (or --certificate FILE, over TLS)");
        }

        var (key, roleOfFile) = Parse(ReadText(name, source), $"{source}: the file {Shown(name)}");
        return new AgentCredential(key, RoleOf([role, variable("HYDRAVISOR_ROLE"), roleOfFile], "a key"));
    }

    private static string RoleOf(IEnumerable<string?> said, string what)
    {
        var role = said.FirstOrDefault(each => !string.IsNullOrEmpty(each))
            ?? throw Wrong($"{what} needs a role to act in: give --role ROLE, such as sandboxed, or set HYDRAVISOR_ROLE");
        try
        {
            LineWrapping.CheckRole(role);
            return role;
        }
        catch (ArgumentException)
        {
            throw Wrong(
                $"the role is {Shown(role)}; it must be 1 to {Limits.RoleCharsMax} printable ASCII characters without spaces, such as sandboxed");
        }
    }

    private static string ReadText(string name, string source)
    {
        try
        {
            // A pipe will do too: --key <(pass show agent).
            using var stream = new FileStream(name, FileMode.Open, FileAccess.Read);
            var bytes = new byte[BytesMax + 1];
            var count = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return count <= BytesMax
                ? Encoding.UTF8.GetString(bytes, 0, count).Trim()
                : throw Wrong($"{source}: the file {Shown(name)} is larger than {BytesMax / 1024} KiB; {Right}");
        }
        catch (Exception absent) when (IsKeyLike(name) && absent is (IOException or ArgumentException or UnauthorizedAccessException))
        {
            throw Wrong(
                $"{source} names no file. It must be the name of a file that holds the key, never the key itself: that could be read "
                + "by others, on a command line by everybody on this machine (ps). If this was a key, give the agent a new one");
        }
        catch (Exception absent) when (absent is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Wrong($"{source}: there is no file {Shown(name)}; {Right}");
        }
        catch (Exception closed) when (closed is IOException or ArgumentException or UnauthorizedAccessException)
        {
            throw Wrong($"{source}: the file {Shown(name)} cannot be read: {closed.Message.TrimEnd('.')}");
        }
    }

    /// <summary>Whether somebody may have put a key where its file's name belongs; then the text is not shown.</summary>
    private static bool IsKeyLike(string text) =>
        text.AsSpan().TrimStart() is ['{', ..] || (text.Length >= KeyCharsMin && !text.AsSpan().ContainsAnyExcept(KeyChars));

    private static (byte[] Key, string? Role) Parse(string text, string file)
    {
        if (text is not ['{', ..])
        {
            return (Key(text, file), null);
        }

        try
        {
            using var document = JsonDocument.Parse(text);
            var added = document.RootElement;
            var key = Key(Member(added, "key") ?? throw Wrong($"{file} has no \"key\"; {Right}"), file);
            return Member(added, "fingerprint") is { } fingerprint && fingerprint != MessageSignature.FingerprintOf(key)
                ? throw Wrong($"{file} holds a key and the fingerprint of another one; give the file as it was printed")
                : (key, Member(added, "role"));
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException)
        {
            throw Wrong($"{file} is no JSON that holds a key; {Right}");
        }
    }

    private static string? Member(JsonElement added, string name) =>
        added.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value.GetString() : null;

    private static byte[] Key(string text, string file)
    {
        var bytes = new byte[text.Length];
        if (!Convert.TryFromBase64String(text, bytes, out var count))
        {
            throw Wrong($"{file} holds no base64; {Right}");
        }

        return count >= Limits.AgentKeyBytesMin
            ? bytes[..count]
            : throw Wrong($"{file} holds a key of {count} bytes; it must have at least {Limits.AgentKeyBytesMin}");
    }

    private static string Shown(string text) => $"\"{TerminalText.Of(text)}\"";

    private static VerbFailure Wrong(string message) => new(message + ".", ExitCode.Usage);
}
