using System.Globalization;
using System.Text;

namespace Hydravisor.Actors.Hypervisors.Simulated;

/// <summary>A run of one of the few programs that simulated guests have: echo, cat, sleep, and a shell that knows these and exit.</summary>
internal sealed class SimulatedProgram
{
    private const int NotFound = 127;

    private readonly MemoryStream _output = new();
    private readonly MemoryStream _errors = new();
    private int? _code;

    private SimulatedProgram()
    {
    }

    /// <summary>How long it takes.</summary>
    public TimeSpan Takes { get; private set; }

    /// <summary>The run of a program; null where there is no such program.</summary>
    public static SimulatedProgram? Of(IReadOnlyList<string> argv, byte[] stdin)
    {
        var run = new SimulatedProgram();
        return argv[0] switch
        {
            "/bin/sh" when argv.Count == 3 && argv[1] == "-c" => run.Script(argv[2], stdin),
            "/bin/echo" or "/bin/cat" or "/bin/sleep" when run.Does([argv[0][5..], .. argv.Skip(1)], stdin, run._output) => run,
            _ => null,
        };
    }

    /// <summary>How it ended.</summary>
    public GuestExit.Ended Exit(int max)
    {
        var (output, errors) = (_output.ToArray(), _errors.ToArray());
        return new GuestExit.Ended(
            _code ?? 0,
            output[..Math.Min(output.Length, max)],
            errors[..Math.Min(errors.Length, max)],
            output.Length > max || errors.Length > max);
    }

    private SimulatedProgram Script(string script, byte[] stdin)
    {
        foreach (var statement in script.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var toErrors = statement.EndsWith(" >&2", StringComparison.Ordinal);
            var words = (toErrors ? statement[..^4] : statement).Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words[0] == "exit")
            {
                _code = words.Length > 1 ? int.Parse(words[1], CultureInfo.InvariantCulture) : 0;
                break;
            }

            if (!Does(words, stdin, toErrors ? _errors : _output))
            {
                _errors.Write(Encoding.UTF8.GetBytes($"sh: 1: {words[0]}: not found\n"));
                _code = NotFound;
            }
        }

        return this;
    }

    private bool Does(string[] words, byte[] stdin, MemoryStream to)
    {
        switch (words[0])
        {
            case "echo":
                to.Write(Encoding.UTF8.GetBytes(string.Join(' ', words[1..]) + "\n"));
                return true;
            case "cat":
                to.Write(stdin);
                return true;
            case "sleep":
                Takes += TimeSpan.FromSeconds(double.Parse(words[1], CultureInfo.InvariantCulture));
                return true;
            default:
                return false;
        }
    }
}
