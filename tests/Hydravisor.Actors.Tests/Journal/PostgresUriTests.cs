using CsCheck;
using Hydravisor.Actors.Journal;
using Npgsql;

namespace Hydravisor.Actors.Tests.Journal;

/// <summary>Addresses of journals as people write them.</summary>
public sealed class PostgresUriTests
{
    [Theory]
    [InlineData("postgresql://hv@db.example/journal", "db.example", 5432, "hv", null, "journal")]
    [InlineData("postgres://hv@db.example:6000/journal", "db.example", 6000, "hv", null, "journal")]
    [InlineData("postgresql://hv:p%40ss%3A%2F@10.0.0.1/j", "10.0.0.1", 5432, "hv", "p@ss:/", "j")]
    [InlineData("postgresql://hv@/j?host=/run/postgresql&port=5433", "/run/postgresql", 5433, "hv", null, "j")]
    [InlineData("postgresql:///j?user=hv&host=%2Frun", "/run", 5432, "hv", null, "j")]
    [InlineData("postgresql://hv@[::1]:99/j", "[::1]", 99, "hv", null, "j")]
    [InlineData("postgresql://hv@h/?dbname=j&password=x", "h", 5432, "hv", "x", "j")]
    public void A_uri_of_a_database_is_read(string text, string host, int port, string user, string? password, string database)
    {
        var read = new NpgsqlConnectionStringBuilder(Assert.IsType<JournalAddress.Database>(JournalAddress.Parse(text)).Text);
        Assert.Equal((host, port, user, password, database), (read.Host, read.Port, read.Username, read.Password, read.Database));
    }

    [Fact]
    public void What_guards_the_connection_is_handed_on()
    {
        var read = new NpgsqlConnectionStringBuilder(PostgresUri.Parse("postgresql://hv@h/j?sslmode=verify-full&sslrootcert=/ca.pem&passfile=/pass&connect_timeout=7").Text);
        Assert.Equal((SslMode.VerifyFull, "/ca.pem", "/pass", 7), (read.SslMode, read.RootCertificate, read.Passfile, read.Timeout));
    }

    [Theory]
    [InlineData("postgresql://hv:geheim@h", "names no database")]
    [InlineData("postgresql://h/j", "names no user")]
    [InlineData("postgresql://hv:geheim@h/j?sslmod=require", "'sslmod'; there are connect_timeout, dbname")]
    [InlineData("postgresql://hv:geheim@h/j?sslmode=perhaps", "sslmode = 'perhaps'")]
    [InlineData("postgresql://hv:geheim@h/j?connect_timeout=soon", "connect_timeout = 'soon'")]
    [InlineData("postgresql://hv:geheim@h:port/j", "must be postgresql://USER@HOST:PORT/DATABASE")]
    public void What_is_wrong_with_one_is_said_without_its_password(string text, string sentence)
    {
        var refusal = Assert.Throws<FormatException>(() => JournalAddress.Parse(text)).Message;
        Assert.Contains(sentence, refusal, StringComparison.Ordinal);
        Assert.DoesNotContain("geheim", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void An_address_as_text_has_no_password() =>
        Assert.Equal("postgresql://hv@h:5432/j", PostgresUri.Parse("postgresql://hv:geheim@h/j").WritingAs("one", 3).ToString());

    [Fact]
    public void Any_password_survives() => Gen.String[1, 30].Where(text => text.All(c => !char.IsSurrogate(c) && c != '\0')).Sample(password =>
        Assert.Equal(password, new NpgsqlConnectionStringBuilder(PostgresUri.Parse($"postgresql://hv:{Uri.EscapeDataString(password)}@h/j").WritingAs("one", 3).Text).Password));

    [Fact]
    public void Anything_else_is_a_file() => Assert.Equal(new JournalAddress.SqliteFile("/some/journal.db"), JournalAddress.Parse("/some/journal.db"));
}
