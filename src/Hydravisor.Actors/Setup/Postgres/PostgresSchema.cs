using System.Globalization;
using Npgsql;

namespace Hydravisor.Actors.Setup.Postgres;

/// <summary>The tables that nodes share, and the rules that the database itself holds: see docs/decisions/0016-who-may-write-is-settled-in-the-store.md.</summary>
internal static partial class PostgresSchema
{
    /// <summary>SQLSTATE of a write of a node whose claim has ended.</summary>
    public const string Fenced = "HV001";

    /// <summary>SQLSTATE of a write to a VM that is another node's.</summary>
    public const string OfAnother = "HV005";

    /// <summary>SQLSTATE of a VM whose name another one has.</summary>
    public const string NameTaken = "HV006";

    private const int Version = 5;
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
            claimed_by text not null,
            listens text null,
            fenced_by text collate "C" null);
        create table hydravisor_vm (
            id text collate "C" primary key,
            node text collate "C" not null,
            name text collate "C" null,
            owner text collate "C" null,
            vcpus bigint not null,
            ram_bytes bigint not null,
            disk_bytes bigint not null,
            state text not null check (state in ('reserved', 'there', 'deleted')),
            restart boolean not null default false,
            released_to text collate "C" null,
            moved_from text collate "C" null,
            moved bigint null);
        create unique index hydravisor_vm_name on hydravisor_vm (name) where state <> 'deleted';
        create index hydravisor_vm_owner on hydravisor_vm (owner) where state <> 'deleted';
        create index hydravisor_vm_node on hydravisor_vm (node);
        create index hydravisor_vm_restart on hydravisor_vm (node) where restart and state = 'there';
        create index hydravisor_vm_released on hydravisor_vm (released_to) where released_to is not null;
        create index hydravisor_vm_moved on hydravisor_vm (moved) where moved is not null;
        create sequence hydravisor_moves;
        create view events as
            select stored, persistence_id, sequence_number, manifest, convert_from(message, 'UTF8') as event from journal order by stored;
        """;

    // A VM has one node: that which reserved it, or that of its first event. The row is read in each write, so that whoever moves the VM (under the node's lock) ends what the node can write.
    // What a migration brings was judged when it began, and keeps its place (PostgresSchema.Migrating).
    // A write waits for who holds the node's lock alone, and who takes that waits for the writes under way: that settles what is written, and by whom.
    // The place is given under the lock, so that none below a settled one is still to come.
    private const string Rules = """
        create function hydravisor_settling(node text) returns bigint language sql immutable as $$ select hashtextextended(node, 7413) $$;

        create function hydravisor_ordering(node text) returns regclass language sql stable as $$ select format('%I', 'hydravisor_ordering_' || node)::regclass $$;

        create function hydravisor_begin(vm text, me text, created json) returns void language plpgsql as $$
        begin
            insert into hydravisor_vm as known (id, node, name, owner, vcpus, ram_bytes, disk_bytes, state, restart)
                values (
                    vm, me, created #>> '{event,spec,name}', created #>> '{event,owner}', coalesce((created #>> '{event,spec,vcpus}')::bigint, 0),
                    coalesce((created #>> '{event,spec,ram_bytes}')::bigint, 0), coalesce((created #>> '{event,spec,disk_bytes}')::bigint, 0), 'there', coalesce(created #>> '{event,spec,on_node_loss}', '') = 'Restart')
                on conflict (id) do update set state = 'there', restart = excluded.restart where known.node = excluded.node and known.state = 'reserved';
        exception when unique_violation then
            raise exception 'the name of VM % is taken', vm using errcode = 'HV006';
        end $$;

        create function hydravisor_own(vm text, me text, manifest text) returns void language plpgsql as $$
        declare found_vm record;
        begin
            select node, released_to into found_vm from hydravisor_vm where id = vm;
            if found_vm.node is distinct from me then
                raise exception 'VM % is of node "%", not of "%"', vm, found_vm.node, me using errcode = 'HV005';
            end if;
            if found_vm.released_to is not null then
                perform hydravisor_keep(vm, found_vm.released_to, manifest);
            end if;
        end $$;

        create function hydravisor_writer() returns text language plpgsql as $$
        declare
            me text := coalesce(current_setting('hydravisor.node', true), '');
            mine text := coalesce(nullif(current_setting('hydravisor.epoch', true), ''), '0');
        begin
            perform pg_advisory_xact_lock_shared(hydravisor_settling(me));
            if not exists (select from hydravisor_node where name = me and epoch = mine::bigint) then
                raise exception 'node "%" was fenced: its epoch % has ended', me, mine using errcode = 'HV001';
            end if;
            return me;
        end $$;

        create function hydravisor_written() returns trigger language plpgsql as $$
        declare
            me text := coalesce(current_setting('hydravisor.node', true), '');
            vm text := split_part(new.persistence_id, '|', 3);
        begin
            if current_setting('transaction_isolation') <> 'read committed' then
                raise exception 'the journal is written in read committed transactions only' using errcode = 'HV003';
            end if;
            if me = '' or split_part(new.persistence_id, '|', 2) <> me then
                raise exception 'stream % is not written by node "%"', new.persistence_id, me using errcode = 'HV002';
            end if;
            if current_setting('hydravisor.migrating', true) = pg_current_xact_id()::text then
                return new;
            end if;
            perform hydravisor_writer();
            if tg_table_name = 'journal' then
                if new.persistence_id like 'vm|%' then
                    perform hydravisor_turn(vm, new.manifest);
                    if new.manifest = 'vm.adopted.v1' then
                        perform hydravisor_adopt(vm, me, convert_from(new.message, 'UTF8')::json);
                    elsif new.sequence_number = 1 then
                        perform hydravisor_begin(vm, me, convert_from(new.message, 'UTF8')::json);
                    end if;
                    perform hydravisor_own(vm, me, new.manifest);
                    if new.manifest = 'vm.released.v1' then
                        perform hydravisor_release_to(vm, me, convert_from(new.message, 'UTF8')::json #>> '{event,to}');
                    elsif new.manifest = 'vm.deleted.v1' then
                        update hydravisor_vm set state = 'deleted' where id = vm;
                    end if;
                end if;
                new.ordering := nextval(hydravisor_ordering(me));
            end if;
            return new;
        end $$;

        create function hydravisor_kept() returns trigger language plpgsql as $$
        begin
            raise exception 'the journal is only added to: nothing in it is changed or removed' using errcode = 'HV004';
        end $$;

        create function hydravisor_reserve(
            vm text, vm_name text, vm_owner text, vm_vcpus bigint, vm_ram bigint, vm_disk bigint, vms_max bigint, vcpus_max bigint, ram_max bigint, disk_max bigint)
            returns table (verdict text, other text, vms bigint, vcpus bigint, ram_bytes bigint, disk_bytes bigint) language plpgsql as $$
        declare
            me text := hydravisor_writer();
            found_node text;
        begin
            vms := 0; vcpus := 0; ram_bytes := 0; disk_bytes := 0;
            if coalesce(vms_max, vcpus_max, ram_max, disk_max) is not null then
                perform pg_advisory_xact_lock(hashtextextended(vm_owner, 7414));
            end if;
            select known.node into found_node from hydravisor_vm known where known.id = vm;
            if found_node is null then
                select count(*), coalesce(sum(known.vcpus), 0), coalesce(sum(known.ram_bytes), 0), coalesce(sum(known.disk_bytes), 0)
                    into vms, vcpus, ram_bytes, disk_bytes
                    from hydravisor_vm known where known.owner = vm_owner and known.state <> 'deleted';
                if vms + 1 > vms_max or vcpus + vm_vcpus > vcpus_max or ram_bytes + vm_ram > ram_max or disk_bytes + vm_disk > disk_max then
                    verdict := 'quota';
                    return next;
                    return;
                end if;
                insert into hydravisor_vm values (vm, me, vm_name, vm_owner, vm_vcpus, vm_ram, vm_disk, 'reserved') on conflict do nothing;
                select known.node into found_node from hydravisor_vm known where known.id = vm;
            end if;
            verdict := case when found_node = me then 'granted' when found_node is not null then 'elsewhere' else 'name' end;
            other := coalesce(found_node, (select known.id from hydravisor_vm known where known.name = vm_name and known.state <> 'deleted'));
            if other is null then
                raise exception 'the name "%" was let go just now', vm_name using errcode = '40001';
            end if;
            return next;
        end $$;

        create function hydravisor_release(vm text) returns void language plpgsql as $$
        declare me text := hydravisor_writer();
        begin
            delete from hydravisor_vm where id = vm and node = me and state = 'reserved';
        end $$;

        create trigger journal_written before insert on journal for each row execute function hydravisor_written();
        create trigger snapshot_written before insert or update on snapshot for each row execute function hydravisor_written();
        create trigger journal_kept before update or delete on journal for each row execute function hydravisor_kept();
        create trigger journal_whole before truncate on journal for each statement execute function hydravisor_kept();

        create function hydravisor_claim(node text, claimant text, listening text default null) returns bigint language plpgsql as $$
        declare given bigint;
        begin
            perform pg_advisory_xact_lock(hydravisor_settling(node));
            execute format('create sequence if not exists %I', 'hydravisor_ordering_' || node);
            insert into hydravisor_node as known values (node, 1, clock_timestamp(), claimant, listening)
                on conflict (name) do update set epoch = known.epoch + 1, claimed_at = clock_timestamp(), claimed_by = claimant, listens = listening, fenced_by = null
                returning epoch into given;
            return given;
        end $$;

        create function hydravisor_fence(of_node text, of_epoch bigint) returns boolean language plpgsql as $$
        declare me text := hydravisor_writer();
        begin
            perform pg_advisory_xact_lock(hydravisor_settling(of_node));
            update hydravisor_node set epoch = epoch + 1, claimed_at = clock_timestamp(), claimed_by = 'fenced by ' || me, listens = null, fenced_by = me
                where name = of_node and epoch = of_epoch;
            return found;
        end $$;

        create function hydravisor_lives(node text) returns boolean language sql stable as $$
            select exists (select from pg_locks
                where locktype = 'advisory' and objsubid = 1 and granted and database = (select oid from pg_database where datname = current_database())
                    and (classid::bigint << 32) | objid::bigint = hashtextextended(node, 7412))
        $$;

        create function hydravisor_elders(node text) returns setof text language sql stable as $$
            select elder.listens from hydravisor_node elder, hydravisor_node mine
            where mine.name = node and elder.listens is not null and (elder.claimed_at, elder.name) < (mine.claimed_at, mine.name) and hydravisor_lives(elder.name)
            order by elder.claimed_at, elder.name
        $$;

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
        var transaction = await connection.BeginTransactionAsync().ConfigureAwait(false);
        await using (transaction.ConfigureAwait(false))
        {
            // Several nodes may begin at once.
            await RunAsync(connection, $"select pg_advisory_xact_lock({MakeLock})").ConfigureAwait(false);
            if (!await IsThereAsync(connection, database).ConfigureAwait(false))
            {
                await RunAsync(connection, Tables + Adopting + Rules + Migrating + Agents).ConfigureAwait(false);
                await RunAsync(
                    connection,
                    string.Create(CultureInfo.InvariantCulture, $"create table hydravisor_schema (version integer not null); insert into hydravisor_schema values ({Version})")).ConfigureAwait(false);
            }

            await transaction.CommitAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Whether the tables are there, as this version knows them. Changes nothing.</summary>
    /// <param name="connection">An open connection.</param>
    /// <param name="database">What it is connected to, for messages.</param>
    /// <exception cref="SettingException">They are another version's, or it is too old a server.</exception>
    /// <exception cref="NpgsqlException">The database cannot be used.</exception>
    public static async Task<bool> IsThereAsync(NpgsqlConnection connection, string database)
    {
        if (connection.PostgreSqlVersion.Major < ServerVersionMin)
        {
            throw new SettingException($"{database} is PostgreSQL {connection.PostgreSqlVersion}; it must be {ServerVersionMin} or later");
        }

        var isThere = await RunAsync(connection, "select to_regclass('hydravisor_schema') is not null").ConfigureAwait(false) is true;
        return isThere && await RunAsync(connection, "select version from hydravisor_schema").ConfigureAwait(false) is var version and not Version
            ? throw new SettingException($"{database} has the tables of version {version}, and this program knows {Version}: use the program that made them, or a later one")
            : isThere;
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
