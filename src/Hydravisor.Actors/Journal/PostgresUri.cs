using System.Globalization;
using System.Web;
using Npgsql;

namespace Hydravisor.Actors.Journal;

/// <summary>Reads connection URIs as PostgreSQL's own programs take them (libpq, "Connection URIs"), which Npgsql does not.</summary>
internal static class PostgresUri
{
    private const string Form = "postgresql://USER@HOST:PORT/DATABASE";

    // libpq's names, and what Npgsql calls the same.
    private static readonly Dictionary<string, string> Parameters = new(StringComparer.Ordinal)
    {
        ["host"] = "Host",
        ["port"] = "Port",
        ["user"] = "Username",
        ["password"] = "Password",
        ["dbname"] = "Database",
        ["passfile"] = "Passfile",
        ["sslmode"] = "SSL Mode",
        ["sslcert"] = "SSL Certificate",
        ["sslkey"] = "SSL Key",
        ["sslrootcert"] = "Root Certificate",
        ["connect_timeout"] = "Timeout",
    };

    /// <summary>Whether a text is meant as such a URI.</summary>
    public static bool IsOne(string text) =>
        text.StartsWith("postgresql://", StringComparison.Ordinal) || text.StartsWith("postgres://", StringComparison.Ordinal);

    /// <summary>Reads one.</summary>
    /// <exception cref="FormatException">It is none; says what is wrong, without its password.</exception>
    public static JournalAddress.Database Parse(string text)
    {
        if (!IsOne(text))
        {
            throw new FormatException($"'{text}' is no address of a PostgreSQL database; it must be {Form}");
        }

        if (!Uri.TryCreate(WithHost(text), UriKind.Absolute, out var uri))
        {
            throw new FormatException($"the address of the database cannot be read; it must be {Form}");
        }

        var builder = new NpgsqlConnectionStringBuilder
        {
            Host = uri.Host.Length == 0 ? "localhost" : uri.Host,
            Database = Uri.UnescapeDataString(uri.AbsolutePath.TrimStart('/')),
        };
        if (uri.Port > 0)
        {
            builder.Port = uri.Port;
        }

        if (uri.UserInfo.Length > 0)
        {
            var parts = uri.UserInfo.Split(':', 2);
            builder.Username = Uri.UnescapeDataString(parts[0]);
            builder.Password = parts.Length == 2 ? Uri.UnescapeDataString(parts[1]) : null;
        }

        var query = HttpUtility.ParseQueryString(uri.Query);
        foreach (var name in query.AllKeys.Select(key => key ?? ""))
        {
            Set(builder, name, query[name] ?? "");
        }

        return string.IsNullOrEmpty(builder.Database) || string.IsNullOrEmpty(builder.Username)
            ? throw new FormatException($"the address of the database names no {(string.IsNullOrEmpty(builder.Database) ? "database" : "user")}; it must be {Form}")
            : new JournalAddress.Database(builder.ConnectionString);
    }

    // "postgresql://USER@/DATABASE?host=…" is right for libpq, and for System.Uri a user needs a host.
    private static string WithHost(string text)
    {
        var begin = text.IndexOf("://", StringComparison.Ordinal) + 3;
        var end = text.AsSpan(begin).IndexOfAny('/', '?') is var length and >= 0 ? begin + length : text.Length;
        return end > begin && text[end - 1] == '@' ? text.Insert(end, "localhost") : text;
    }

    private static void Set(NpgsqlConnectionStringBuilder builder, string name, string value)
    {
        if (!Parameters.TryGetValue(name, out var keyword))
        {
            throw new FormatException($"the address of the database has a parameter '{name}'; there are {string.Join(", ", Parameters.Keys.Order(StringComparer.Ordinal))}");
        }

        try
        {
            // libpq says verify-full, Npgsql VerifyFull.
            builder[keyword] = name == "sslmode" ? value.Replace("-", "", StringComparison.Ordinal) : value;
        }
        catch (Exception e) when (e is ArgumentException or FormatException or InvalidCastException or OverflowException)
        {
            throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"the address of the database has {name} = '{(name == "password" ? "…" : value)}', which cannot be: {e.Message}"));
        }
    }
}
