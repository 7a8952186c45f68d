using System.Data;
using System.Diagnostics;
using Hydravisor.Actors.Access.Agents;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Setup.Postgres;
using Npgsql;

namespace Hydravisor.Actors.Setup.Migration;

/// <summary>What a migration came to.</summary>
/// <param name="Decision">What was decided, and but for a dry run done; never a refusal.</param>
/// <param name="Journal">The journal.</param>
/// <param name="Database">Where it is now, or would be.</param>
/// <param name="Agents">How many agents its file had, which are in the database too, or would be.</param>
/// <param name="Elapsed">How long it took.</param>
internal sealed record Migrated(MigrationDecision Decision, MigratingJournal Journal, JournalAddress.Database Database, int Agents, TimeSpan Elapsed);

/// <summary>A migration is refused; the message is for a person and may have several lines. Nothing was changed.</summary>
internal sealed class MigrationRefusedException(string message) : Exception(message);

/// <summary>Moves the journal of a node from its file into a database that nodes share: see docs/decisions/0021-a-journal-moves-in-one-transaction.md.</summary>
/// <param name="Directory">The node's data directory.</param>
/// <param name="Database">The database.</param>
/// <param name="ClaimTimeout">How long to wait for a process that has the node's name there and may be dead.</param>
internal sealed record JournalMigration(string Directory, JournalAddress.Database Database, TimeSpan ClaimTimeout)
{
    /// <summary>Told when all is in the database and the files have their old names still. For tests.</summary>
    public Action Committed { get; init; } = () => { };

    /// <summary>Does it, or only looks whether it could be done.</summary>
    /// <param name="dryRun">Changes nothing.</param>
    /// <param name="stop">Ends it; before the commit nothing is moved then.</param>
    /// <exception cref="MigrationRefusedException">It cannot be done.</exception>
    /// <exception cref="SettingException">The directory or the database cannot be used.</exception>
    /// <exception cref="Audit.JournalUnreadableException">The file cannot be read.</exception>
    public async Task<Migrated> RunAsync(bool dryRun, CancellationToken stop)
    {
        var begun = Stopwatch.GetTimestamp();
        using var data = DataDirectory.OpenExisting(Directory, onlyLook: dryRun);
        RefuseWhatWasMoved(data.Journal);
        var journal = Look(data, stop);
        var empty = new MigrationTarget(Database.ToString(), null, []);

        // What the journal itself forbids is said before anything is made.
        Heed(MigrationDecision.Of(journal, empty));
        var agents = new MigratingAgents(Directory, Database, TimeProvider.System);
        var coming = agents.Read() ?? AgentBook.Empty;
        var decision = await MoveAsync(journal, empty, agents, coming, dryRun, stop).ConfigureAwait(false);
        if (!dryRun)
        {
            // The journal last: by its name the next run knows that there is something to finish.
            Committed();
            agents.Rename();
            MigratedFile.Rename(data.Journal);
        }

        return new Migrated(decision, journal, Database, coming.Agents.Count, Stopwatch.GetElapsedTime(begun));
    }

    private static MigratingJournal Look(DataDirectory data, CancellationToken stop)
    {
        using var file = MigratingFile.Open(data.Journal);
        return file.Look(data.NodeName, stop);
    }

    private static void RefuseWhatWasMoved(string file)
    {
        if (File.Exists(MigratedFile.Of(file)))
        {
            throw new MigrationRefusedException(File.Exists(file)
                ? $"{file} and {MigratedFile.Of(file)} both lie there; one journal was moved before: move one of the two away"
                : $"the journal was moved before: {MigratedFile.Of(file)}. To see that all is there: hydravisor audit verify --journal URI");
        }
    }

    private static MigrationDecision Heed(MigrationDecision decision) =>
        decision is MigrationDecision.Refuse refused ? throw new MigrationRefusedException(refused.Why) : decision;

    private async Task<MigrationDecision> MoveAsync(
        MigratingJournal journal, MigrationTarget empty, MigratingAgents agents, AgentBook coming, bool dryRun, CancellationToken stop)
    {
        try
        {
            var hasTables = true;
            var address = dryRun ? Database.With("-c default_transaction_read_only=on", "hydravisor migration") : Database;
            var connection = await NodeClaim.HoldAsync(
                address,
                journal.Node,
                ClaimTimeout,
                async opened =>
                {
                    if (dryRun)
                    {
                        hasTables = await PostgresSchema.IsThereAsync(opened, Database.ToString()).ConfigureAwait(false);
                    }
                    else
                    {
                        await PostgresSchema.PrepareAsync(opened, Database.ToString()).ConfigureAwait(false);
                    }
                },
                stop).ConfigureAwait(false);
            await using (connection.ConfigureAwait(false))
            {
                var tables = new MigrationTables(connection, journal.Node);
                var target = hasTables ? await tables.LookAsync(empty.Database, journal.Vms, stop).ConfigureAwait(false) : empty;
                var decision = Heed(MigrationDecision.Of(journal, target));
                if (dryRun)
                {
                    agents.Add(hasTables ? await PostgresAgents.ReadAsync(connection, Database, stop).ConfigureAwait(false) : AgentBook.Empty, coming);
                    return decision;
                }

                MigratedFile.Settle(journal.File);
                await MoveAsync(connection, tables, journal, decision, there => agents.Add(there, coming), stop).ConfigureAwait(false);
                return decision;
            }
        }
        catch (PostgresException e) when (e.SqlState is PostgresSchema.NameTaken or PostgresSchema.NotToMigrate)
        {
            throw new MigrationRefusedException($"{Database} changed meanwhile, and nothing was moved: {e.MessageText}. Run the same again to see more");
        }
        catch (AgentException e)
        {
            throw new MigrationRefusedException($"{e.Message}. Nothing was moved");
        }
        catch (Exception e) when (NodeClaim.IsOfDatabase(e))
        {
            throw NodeClaim.CannotBeUsed(Database, e);
        }
    }

    // The agents come in the same transaction, last: the nodes that are there wait with changes of theirs.
    private async Task MoveAsync(
        NpgsqlConnection connection, MigrationTables tables, MigratingJournal journal, MigrationDecision decision, Func<AgentBook, AgentBook> agents, CancellationToken stop)
    {
        var transaction = await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted, stop).ConfigureAwait(false);
        await using (transaction.ConfigureAwait(false))
        {
            if (decision is MigrationDecision.Move)
            {
                await CopyAsync(tables, journal, stop).ConfigureAwait(false);
            }

            await PostgresAgents.ChangeAsync(connection, Database, agents, stop).ConfigureAwait(false);

            // No end from here on: who interrupts would not know on which side of it.
            await transaction.CommitAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }

    private async Task CopyAsync(MigrationTables tables, MigratingJournal journal, CancellationToken stop)
    {
        using var file = MigratingFile.Open(journal.File);
        await tables.BeginAsync(stop).ConfigureAwait(false);
        await tables.CopyAsync(file, stop).ConfigureAwait(false);
        await tables.EndAsync(stop).ConfigureAwait(false);

        // What the database gives back is what counts, and it is asked while nothing is decided yet.
        var there = new MigrationTarget(Database.ToString(), tables.Check(stop), []);
        if (MigrationDecision.Of(journal, there) is not MigrationDecision.OnlyRename || await tables.CountAsync(stop).ConfigureAwait(false) != (journal.Snapshots, journal.Marks))
        {
            throw new MigrationRefusedException($"{Database} does not give back what was copied into it, and nothing was moved");
        }
    }
}
