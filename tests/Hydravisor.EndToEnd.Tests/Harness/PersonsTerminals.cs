namespace Hydravisor.EndToEnd.Tests.Harness;

/// <summary>Terminals at which people sit: each is a screen in a tmux server of the test's own, in which a command runs as if it had been pasted.</summary>
internal sealed class PersonsTerminals : IAsyncDisposable
{
    private readonly string _socket = Path.Combine(Path.GetTempPath(), $"hv-{Guid.NewGuid():N}.sock");

    /// <summary>A person pastes a command.</summary>
    public Task<string> PasteAsync(string person, string command) => Run.CheckedAsync(
        "env", "-u", "TMUX", "tmux", "-S", _socket, "-f", "/dev/null", "new-session", "-d", "-s", person, "-x", "120", "-y", "40", command);

    /// <summary>Types text as it is.</summary>
    public Task<string> TypeAsync(string person, string text) => Run.CheckedAsync("tmux", "-S", _socket, "send-keys", "-t", $"={person}:", "-l", text);

    /// <summary>Presses keys, by tmux's names of them.</summary>
    public Task<string> PressAsync(string person, params string[] keys) => Run.CheckedAsync("tmux", ["-S", _socket, "send-keys", "-t", $"={person}:", .. keys]);

    /// <summary>Waits until a text is to be seen.</summary>
    public Task SeeAsync(string person, string text) => Patience.UntilAsync(
        () => ScreenAsync(person),
        screen => screen.Contains(text, StringComparison.Ordinal),
        screen => $"'{text}' did not come on the {person}'s screen:\n{screen}");

    /// <summary>What a person sees.</summary>
    public Task<string> ScreenAsync(string person) => Run.CheckedAsync("tmux", "-S", _socket, "capture-pane", "-p", "-t", $"={person}:");

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Run.AnyAsync("tmux", "-S", _socket, "kill-server");
        File.Delete(_socket);
    }
}
