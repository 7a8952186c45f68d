namespace Hydravisor.Actors.Setup.Postgres;

/// <content>How a VM of a lost node becomes another node's: see docs/decisions/0022-a-lost-vm-is-adopted-in-one-write.md.</content>
internal static partial class PostgresSchema
{
    /// <summary>SQLSTATE of an adoption of a VM whose node was not given up, or whose stream ends elsewhere than the adoption says.</summary>
    public const string NotToAdopt = "HV008";

    // The node's row is held until the adoption is committed: a claim waits for that, so that its node either has the VM and nobody adopts it any more, or knows
    // that it has it no more. The fence before has seen to it that nothing of the old claim is still to come, so the head that is found is the last.
    // Moves are numbered in the order in which they are committed: who asks for all behind a number misses none.
    private const string Adopting = """

        create function hydravisor_adopt(vm text, me text, adopted json) returns void language plpgsql as $$
        declare
            origin text := coalesce(adopted #>> '{event,from,stream}', '');
            of_node text := split_part(origin, '|', 2);
            head record;
        begin
            if origin <> 'vm|' || of_node || '|' || vm or of_node = me then
                raise exception 'VM % cannot be adopted from stream "%"', vm, origin using errcode = 'HV008';
            end if;
            perform from hydravisor_node where name = of_node and fenced_by is not null for share;
            if not found then
                raise exception 'VM % stays with node "%", which nobody has given up', vm, of_node using errcode = 'HV008';
            end if;
            select sequence_number, encode(sha256(convert_to(coalesce(manifest, ''), 'UTF8') || '\x0a'::bytea || message), 'hex') as hash
                into head from journal where persistence_id = origin order by sequence_number desc limit 1;
            if not found or head.sequence_number <> (adopted #>> '{event,from,sequence}')::bigint or head.hash <> adopted #>> '{event,from,hash}' then
                raise exception 'stream "%" does not end where the adoption of VM % says', origin, vm using errcode = 'HV008';
            end if;
            perform pg_advisory_xact_lock(hashtextextended('hydravisor.moves', 7415));
            update hydravisor_vm set node = me, moved_from = of_node, moved = nextval('hydravisor_moves') where id = vm and node = of_node and state = 'there';
            if not found then
                raise exception 'VM % is not of node "%" any more', vm, of_node using errcode = 'HV005';
            end if;
        end $$;
        """;
}
