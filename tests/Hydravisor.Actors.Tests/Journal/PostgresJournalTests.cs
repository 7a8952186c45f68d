using Hydravisor.Actors.Setup.Postgres;
using Xunit.Abstractions;

namespace Hydravisor.Actors.Tests.Journal;

/// <summary>On a database that nodes share.</summary>
[Collection(PostgresTests.Name)]
public sealed class PostgresJournalTests : DirectJournalContract
{
    private readonly NodeClaim _claim;

    public PostgresJournalTests(PostgresServer server, ITestOutputHelper output)
        : this(Claimed(server), output)
    {
    }

    private PostgresJournalTests(NodeClaim claim, ITestOutputHelper output)
        : base(claim.Journal, output) => _claim = claim;

    /// <remarks>Nobody does: it keeps all.</remarks>
    private protected override bool Deletes => false;

    private protected override void Alter(string sql) => PostgresServer.Execute(_claim.Journal, "set session_replication_role = replica; " + sql);

    protected override void AfterAll()
    {
        base.AfterAll();
        _claim.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    private static NodeClaim Claimed(PostgresServer server) =>
        NodeClaim.TakeAsync(server.CreateDatabase(), "node", TimeSpan.Zero, TimeProvider.System, _ => { }).GetAwaiter().GetResult();
}
