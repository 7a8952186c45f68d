using System.Globalization;
using Npgsql;

namespace Hydravisor.Actors.Setup.Postgres;

/// <summary>The tables that nodes share, and the rules that the database itself holds: see docs/decisions/0016-who-may-write-is-settled-in-the-store.md.</summary>
internal static class PostgresSchema
{
    /// <summary>SQLSTATE of a write of a node whose claim has ended.</summary>
    public const string Fenced = "HV001";

    /// <summary>SQLSTATE of a write to a VM that is another node's.</summary>
    public const string OfAnother = "HV005";

    private const int Version = 1;
    private const int ServerVersionMin = 13;

    // Locks of the database are numbers: the second argument keeps those of one purpose from those of another.
    private const string MakeLock = "hashtextextended('hydravisor.schema', 7411)";

    // The tables of Akka.Persistence.Sql, and: "node", whose stream it is; "stored", the order over all nodes in which rows came; "written_in", the
    // transaction, by which is known what was not yet committed when somebody read. "ordering" is a node's own, as in a file of its own, so that its
    // checkpoints hold wherever its journal is moved to. "C" compares bytes.
    private const string Tables = """
        create table journal (
            ordering bigint not null,
            created bigint not null,
            deleted boolean not null,
            persistence_id text collate "C" not null,
            sequence_number bigint not null,
            message bytea not null,
            manifest text null,
            identifier integer null,
            writer_uuid text null,
            node text collate "C" not null generated always as (split_part(persistence_id, '|', 2)) stored,
            stored bigint not null generated always as identity,
            written_in bigint not null default (pg_current_xact_id()::text::bigint),
            constraint journal_uq unique (persistence_id, sequence_number),
            constraint journal_order unique (node, ordering));
        create index journal_stored on journal (stored);
        create index journal_written_in on journal (written_in);
        create table tags (
            ordering_id bigint not null,
            tag text not null,
            sequence_nr bigint not null,
            persistence_id text collate "C" not null,
            primary key (ordering_id, tag));
        create table journal_metadata (
            persistence_id text collate "C" not null,
            sequence_number bigint not null,
            primary key (persistence_id, sequence_number));
        create table snapshot (
            persistence_id text collate "C" not null,
            sequence_number bigint not null,
            created bigint not null,
            snapshot bytea null,
            manifest text null,
            serializer_id integer null,
            primary key (persistence_id, sequence_number));
        create table hydravisor_node (
            name text collate "C" primary key,
            epoch bigint not null,
            claimed_at timestamptz not null,
            claimed_by text not null);
        create table hydravisor_vm (
            id text collate "C" primary key,
            node text collate "C" not null);
        create view events as
            select stored, persistence_id, sequence_number, manifest, convert_from(message, 'UTF8') as event from journal order by stored;
        """;

    // A VM has one node: that of its first event. The row is read in each write, so that whoever moves the VM (under the node's lock) ends what the node can write.
    // A write waits for who holds the node's lock alone, and who takes that waits for the writes under way: that settles what is written, and by whom.
    // The place is given under the lock, so that none below a settled one is still to come.
    private const string Rules = """
        create function hydravisor_settling(node text) returns bigint language sql immutable as $$ select hashtextextended(node, 7413) $$;

        create function hydravisor_ordering(node text) returns regclass language sql stable as $$ select format('%I', 'hydravisor_ordering_' || node)::regclass $$;

        create function hydravisor_own(vm text, me text, is_first boolean) returns void language plpgsql as $$
        declare owner text;
        begin
            if is_first then
                insert into hydravisor_vm (id, node) values (vm, me) on conflict (id) do nothing;
            end if;
            select node into owner from hydravisor_vm where id = vm;
            if owner is distinct from me then
                raise exception 'VM % is of node "%", not of "%"', vm, owner, me using errcode = 'HV005';
            end if;
        end $$;

        create function hydravisor_written() returns trigger language plpgsql as $$
        declare
            me text := coalesce(current_setting('hydravisor.node', true), '');
            mine text := coalesce(nullif(current_setting('hydravisor.epoch', true), ''), '0');
        begin
            if current_setting('transaction_isolation') <> 'read committed' then
                raise exception 'the journal is written in read committed transactions only' using errcode = 'HV003';
            end if;
            if me = '' or split_part(new.persistence_id, '|', 2) <> me then
                raise exception 'stream % is not written by node "%"', new.persistence_id, me using errcode = 'HV002';
            end if;
            perform pg_advisory_xact_lock_shared(hydravisor_settling(me));
            if not exists (select from hydravisor_node where name = me and epoch = mine::bigint) then
                raise exception 'node "%" was fenced: its epoch % has ended', me, mine using errcode = 'HV001';
            end if;
            if tg_table_name = 'journal' then
                if new.persistence_id like 'vm|%' then
                    perform hydravisor_own(split_part(new.persistence_id, '|', 3), me, new.sequence_number = 1);
                end if;
                new.ordering := nextval(hydravisor_ordering(me));
            end if;
            return new;
        end $$;

        create function hydravisor_kept() returns trigger language plpgsql as $$
        begin
            raise exception 'the journal is only added to: nothing in it is changed or removed' using errcode = 'HV004';
        end $$;

        create trigger journal_written before insert on journal for each row execute function hydravisor_written();
        create trigger snapshot_written before insert or update on snapshot for each row execute function hydravisor_written();
        create trigger journal_kept before update or delete on journal for each row execute function hydravisor_kept();
        create trigger journal_whole before truncate on journal for each statement execute function hydravisor_kept();

        create function hydravisor_claim(node text, claimant text) returns bigint language plpgsql as $$
        declare given bigint;
        begin
            perform pg_advisory_xact_lock(hydravisor_settling(node));
            execute format('create sequence if not exists %I', 'hydravisor_ordering_' || node);
            insert into hydravisor_node as known (name, epoch, claimed_at, claimed_by) values (node, 1, now(), claimant)
                on conflict (name) do update set epoch = known.epoch + 1, claimed_at = now(), claimed_by = claimant
                returning epoch into given;
            return given;
        end $$;

        create function hydravisor_settled(of_node text) returns bigint language plpgsql as $$
        begin
            perform pg_advisory_xact_lock(hydravisor_settling(of_node));
            return (select coalesce(max(ordering), 0) from journal where node = of_node);
        end $$;
        """;

    /// <summary>Makes what is missing, and checks that the rest is what this version knows.</summary>
    /// <param name="connection">An open connection.</param>
    /// <param name="database">What it is connected to, for messages.</param>
    /// <exception cref="SettingException">It is another version's, or too old a server.</exception>
    /// <exception cref="NpgsqlException">The database cannot be used.</exception>
    public static async Task PrepareAsync(NpgsqlConnection connection, string database)
    {
        if (connection.PostgreSqlVersion.Major < ServerVersionMin)
        {
            throw new SettingException($"{database} is PostgreSQL {connection.PostgreSqlVersion}; it must be {ServerVersionMin} or later");
        }

        var transaction = await connection.BeginTransactionAsync().ConfigureAwait(false);
        await using (transaction.ConfigureAwait(false))
        {
            // Several nodes may begin at once.
            await RunAsync(connection, $"select pg_advisory_xact_lock({MakeLock})").ConfigureAwait(false);
            var there = await RunAsync(connection, "select to_regclass('hydravisor_schema') is not null").ConfigureAwait(false) is true;
            if (!there)
            {
                await RunAsync(connection, Tables + Rules).ConfigureAwait(false);
                await RunAsync(
                    connection,
                    string.Create(CultureInfo.InvariantCulture, $"create table hydravisor_schema (version integer not null); insert into hydravisor_schema values ({Version})")).ConfigureAwait(false);
            }
            else if (await RunAsync(connection, "select version from hydravisor_schema").ConfigureAwait(false) is var version and not Version)
            {
                throw new SettingException($"{database} has the tables of version {version}, and this program knows {Version}: use the program that made them, or a later one");
            }

            await transaction.CommitAsync().ConfigureAwait(false);
        }
    }

    private static async Task<object?> RunAsync(NpgsqlConnection connection, string sql)
    {
        var command = new NpgsqlCommand(sql, connection);
        await using (command.ConfigureAwait(false))
        {
            return await command.ExecuteScalarAsync().ConfigureAwait(false);
        }
    }
}
