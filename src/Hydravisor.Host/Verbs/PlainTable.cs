using System.Globalization;
using Spectre.Console;

namespace Hydravisor.Host.Verbs;

/// <summary>Tables as all verbs show them: without lines, as wide as they are where no person looks.</summary>
internal static class PlainTable
{
    private const int UnlimitedColumns = 10_000;

    /// <summary>An empty one.</summary>
    public static Table Of(params string[] headers)
    {
        var table = new Table { Border = TableBorder.None, ShowRowSeparators = false };
        foreach (var header in headers)
        {
            table.AddColumn(new TableColumn(new Text(header)) { NoWrap = true, Padding = new Padding(0, 0, 2, 0) });
        }

        return table;
    }

    /// <summary>A point in time as it stands in tables and lines for people: UTC, to the second.</summary>
    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>Writes it on stdout.</summary>
    public static void Show(this VerbEnvironment environment, Table table)
    {
        var console = ConsoleOn(environment.Output, environment.Colours);
        if (!environment.OutputIsTerminal)
        {
            console.Profile.Width = UnlimitedColumns;
        }

        console.Write(table);
    }

    /// <summary>A console on a writer, for more than a table.</summary>
    public static IAnsiConsole ConsoleOn(TextWriter writer, bool colours) => AnsiConsole.Create(new AnsiConsoleSettings
    {
        Ansi = colours ? AnsiSupport.Yes : AnsiSupport.No,
        ColorSystem = colours ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
        Interactive = InteractionSupport.No,
        Out = new AnsiConsoleOutput(writer),
    });
}
