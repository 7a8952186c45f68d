namespace Hydravisor.Actors.Setup.Postgres;

/// <content>How a journal that was a file comes in: see docs/decisions/0021-a-journal-moves-in-one-transaction.md.</content>
internal static partial class PostgresSchema
{
    /// <summary>SQLSTATE of a migration of a node that has something in the database already, or of none that was begun.</summary>
    public const string NotToMigrate = "HV007";

    // Between the two, in one transaction, the node's rows are copied with the places that they had. The setting bears the transaction's number, so that it
    // means nothing in another one; the claim's lock is held alone to the end. VMs are read off their streams as a first event would have it, last of all:
    // only then may other nodes have to wait for a name.
    private const string Migrating = """

        create function hydravisor_migrate_begin(of_node text, claimant text) returns bigint language plpgsql as $$
        declare given bigint := hydravisor_claim(of_node, claimant);
        begin
            if exists (select from journal where node = of_node) or exists (select from snapshot where split_part(persistence_id, '|', 2) = of_node) then
                raise exception 'node "%" has a journal here', of_node using errcode = 'HV007';
            end if;
            perform set_config('hydravisor.node', of_node, true), set_config('hydravisor.epoch', given::text, true),
                set_config('hydravisor.migrating', pg_current_xact_id()::text, true);
            return given;
        end $$;

        create function hydravisor_migrate_end() returns void language plpgsql as $$
        declare
            me text := current_setting('hydravisor.node', true);
            homeless text;
        begin
            if current_setting('hydravisor.migrating', true) is distinct from pg_current_xact_id()::text then
                raise exception 'no migration was begun' using errcode = 'HV007';
            end if;
            with mine as (
                select split_part(persistence_id, '|', 3) as id, convert_from(message, 'UTF8')::json #> '{event}' as created,
                    case when persistence_id in (select persistence_id from journal where node = me and manifest = 'vm.deleted.v1') then 'deleted' else 'there' end as state
                from journal where node = me and persistence_id like 'vm|%' and sequence_number = 1),
            placed as (
                insert into hydravisor_vm (id, node, name, owner, vcpus, ram_bytes, disk_bytes, state, restart)
                    select id, me, created #>> '{spec,name}', created #>> '{owner}', coalesce((created #>> '{spec,vcpus}')::bigint, 0),
                        coalesce((created #>> '{spec,ram_bytes}')::bigint, 0), coalesce((created #>> '{spec,disk_bytes}')::bigint, 0), state,
                        coalesce(created #>> '{spec,on_node_loss}', '') = 'Restart'
                    from mine
                on conflict do nothing
                returning id)
            select string_agg(format('%s (%s)', created #>> '{spec,name}', id), ', ' order by id) into homeless
                from mine where state = 'there' and id not in (select id from placed);
            if homeless is not null then
                raise exception 'the names or ids of these VMs are taken: %', homeless using errcode = 'HV006';
            end if;
            perform setval(hydravisor_ordering(me), (select max(ordering) from journal where node = me));
        end $$;
        """;
}
