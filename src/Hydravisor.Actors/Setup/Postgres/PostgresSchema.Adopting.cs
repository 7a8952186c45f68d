namespace Hydravisor.Actors.Setup.Postgres;

/// <content>How a VM becomes another node's: that of a lost node, and one that its node released to it. See docs/decisions/0022-a-lost-vm-is-adopted-in-one-write.md
/// and docs/decisions/0023-a-vm-moves-when-the-other-node-has-its-disk.md.</content>
internal static partial class PostgresSchema
{
    /// <summary>SQLSTATE of an adoption of a VM that was not released to who adopts it and whose node was not given up, or whose stream ends elsewhere than the adoption says.</summary>
    public const string NotToAdopt = "HV008";

    /// <summary>SQLSTATE of a write to a VM that its node has released to another, and of a release to a node that there is not.</summary>
    public const string Released = "HV009";

    // The node's row is held until the adoption is committed: a claim waits for that, so that its node either has the VM and nobody adopts it any more, or knows
    // that it has it no more. The fence before has seen to it that nothing of the old claim is still to come, so the head that is found is the last.
    // A VM that was released has a node that lives and writes: who ends its right to write, and who uses what came of that, waits for its writes under way and has its
    // turn alone. So the release is the last of its stream, or is taken back by its node, and nobody reads the head in between.
    // Moves are numbered in the order in which they are committed: who asks for all behind a number misses none.
    private const string Adopting = """

        create function hydravisor_turn(vm text, manifest text) returns void language plpgsql as $$
        begin
            if manifest in ('vm.adopted.v1', 'vm.released.v1', 'vm.move-ended.v1') then
                perform pg_advisory_xact_lock(hashtextextended(vm, 7416));
            else
                perform pg_advisory_xact_lock_shared(hashtextextended(vm, 7416));
            end if;
        end $$;

        create function hydravisor_given_up(of_node text) returns boolean language plpgsql as $$
        begin
            perform from hydravisor_node where name = of_node and fenced_by is not null for share;
            return found;
        end $$;

        create function hydravisor_release_to(vm text, me text, target text) returns void language plpgsql as $$
        begin
            if target is null or target = me or not exists (select from hydravisor_node where name = target) then
                raise exception 'VM % cannot be released to "%"', vm, target using errcode = 'HV009';
            end if;
            update hydravisor_vm set released_to = target where id = vm;
        end $$;

        create function hydravisor_keep(vm text, target text, manifest text) returns void language plpgsql as $$
        begin
            if manifest <> 'vm.move-ended.v1' or not hydravisor_given_up(target) then
                raise exception 'VM % was released to node "%"', vm, target using errcode = 'HV009';
            end if;
            update hydravisor_vm set released_to = null where id = vm;
        end $$;

        create function hydravisor_adopt(vm text, me text, adopted json) returns void language plpgsql as $$
        declare
            origin text := coalesce(adopted #>> '{event,from,stream}', '');
            of_node text := split_part(origin, '|', 2);
            promised text;
            head record;
        begin
            if origin <> 'vm|' || of_node || '|' || vm or of_node = me then
                raise exception 'VM % cannot be adopted from stream "%"', vm, origin using errcode = 'HV008';
            end if;
            select released_to into promised from hydravisor_vm where id = vm and node = of_node;
            if promised is distinct from me then
                if not hydravisor_given_up(of_node) then
                    raise exception 'VM % stays with node "%", which nobody has given up', vm, of_node using errcode = 'HV008';
                end if;
                if promised is not null and not hydravisor_given_up(promised) then
                    raise exception 'VM % was released to node "%", which nobody has given up', vm, promised using errcode = 'HV008';
                end if;
            end if;
            select sequence_number, manifest, encode(sha256(convert_to(coalesce(manifest, ''), 'UTF8') || '\x0a'::bytea || message), 'hex') as hash
                into head from journal where persistence_id = origin order by sequence_number desc limit 1;
            if not found or head.sequence_number <> (adopted #>> '{event,from,sequence}')::bigint or head.hash <> adopted #>> '{event,from,hash}' then
                raise exception 'stream "%" does not end where the adoption of VM % says', origin, vm using errcode = 'HV008';
            end if;
            if promised = me and head.manifest <> 'vm.released.v1' then
                raise exception 'stream "%" does not end with the release of VM %', origin, vm using errcode = 'HV008';
            end if;
            perform pg_advisory_xact_lock(hashtextextended('hydravisor.moves', 7415));
            update hydravisor_vm set node = me, released_to = null, moved_from = of_node, moved = nextval('hydravisor_moves') where id = vm and node = of_node and state = 'there';
            if not found then
                raise exception 'VM % is not of node "%" any more', vm, of_node using errcode = 'HV005';
            end if;
        end $$;
        """;
}
