using Hydravisor.Actors.Access;

namespace Hydravisor.Actors.Sessions;

/// <summary>How many messages in a row were not let in, where nobody may speak: where somebody may, it is his rate that limits what is wrong too. Not thread-safe: the session's own.</summary>
/// <param name="most">How many there may be.</param>
internal sealed class SessionDenials(int most)
{
    private int _inRow;

    /// <summary>Why the connection is to be closed; null: it goes on.</summary>
    public string? Over => _inRow < most ? null : $"{_inRow} messages in a row were not let in; the connection is closed";

    /// <summary>One more.</summary>
    /// <param name="listener">Who may speak there; null: nobody.</param>
    public void Count(Principal? listener) => _inRow = listener is null ? _inRow + 1 : 0;

    /// <summary>As <see cref="Over"/>, and said once.</summary>
    public string? TakeOver()
    {
        var over = Over;
        _inRow = over is null ? _inRow : 0;
        return over;
    }
}
