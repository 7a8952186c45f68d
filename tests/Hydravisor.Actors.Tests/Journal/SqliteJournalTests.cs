using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Setup;
using Hydravisor.Actors.Tests.Audit;
using Xunit.Abstractions;

namespace Hydravisor.Actors.Tests.Journal;

/// <summary>On a file.</summary>
public sealed class SqliteJournalTests : DirectJournalContract
{
    private readonly TemporaryDirectory _directory;

    public SqliteJournalTests(ITestOutputHelper output)
        : this(new TemporaryDirectory(), output)
    {
    }

    private SqliteJournalTests(TemporaryDirectory directory, ITestOutputHelper output)
        : base(Prepared(directory), output) => _directory = directory;

    private protected override bool Deletes => true;

    private protected override void Alter(string sql) => WrittenJournal.Alter(FileIn(_directory), sql);

    protected override void AfterAll()
    {
        base.AfterAll();
        _directory.Dispose();
    }

    private static string FileIn(TemporaryDirectory directory) => Path.Combine(directory.Path, "journal.db");

    private static JournalAddress.SqliteFile Prepared(TemporaryDirectory directory)
    {
        JournalFile.Prepare(FileIn(directory));
        return new JournalAddress.SqliteFile(FileIn(directory));
    }
}
