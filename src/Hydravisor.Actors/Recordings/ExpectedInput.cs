using System.Text;

namespace Hydravisor.Actors.Recordings;

/// <summary>
/// Input that was recorded under its sender's name and will stand in the terminal's own log a second time. What does not come as it was announced counts as typed
/// locally: better told twice than not at all. Not safe for several threads.
/// </summary>
internal sealed class ExpectedInput
{
    private const int WaitingMax = 256;

    private readonly LinkedList<string> _waiting = new();

    /// <summary>Expects these bytes.</summary>
    public void Add(byte[] input)
    {
        if (input.Length > 0)
        {
            _waiting.AddLast(Encoding.UTF8.GetString(input));
            if (_waiting.Count > WaitingMax)
            {
                _waiting.RemoveFirst();
            }
        }
    }

    /// <summary>What is left of a text of the log when what was expected is taken out of it, in order.</summary>
    public string Without(string text)
    {
        var left = new StringBuilder();
        while (_waiting.First is { } first && text.Length > 0)
        {
            if (text.IndexOf(first.Value, StringComparison.Ordinal) is >= 0 and var at)
            {
                left.Append(text, 0, at);
                text = text[(at + first.Value.Length)..];
                _waiting.RemoveFirst();
            }
            else if (first.Value.StartsWith(text, StringComparison.Ordinal))
            {
                // The log was read in the midst of it.
                first.Value = first.Value[text.Length..];
                return left.ToString();
            }
            else
            {
                break;
            }
        }

        return left.Append(text).ToString();
    }
}
