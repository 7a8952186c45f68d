namespace Hydravisor.Actors.Setup.Postgres;

/// <content>The agents of all nodes: see docs/decisions/0024-nodes-of-a-cluster-share-their-agents.md.</content>
internal static partial class PostgresSchema
{
    // One row with all of them, in the form of agents.json: what holds of them together (a name is one agent's, a key too) is judged where it is for a file. The row is locked
    // from the reading to the writing. Its version and time are the database's own, so that nodes notice what somebody changes by hand, too.
    private const string Agents = """

        create table hydravisor_agents (
            only_one boolean primary key default true check (only_one),
            version bigint not null,
            changed_at timestamptz not null,
            changed_by text not null,
            book text not null);
        insert into hydravisor_agents values (true, 0, clock_timestamp(), '', '{"schema":1,"agents":[]}');

        create function hydravisor_agents_changed() returns trigger language plpgsql as $$
        begin
            new.version := old.version + 1;
            new.changed_at := clock_timestamp();
            return new;
        end $$;

        create trigger agents_changed before update on hydravisor_agents for each row execute function hydravisor_agents_changed();
        """;
}
