-- Watches which tables of the demo's tenant other sessions lock against reads or writes, until the table
-- `public.sei_bench_done` is there. Tables that are made meanwhile are left out: no session waits for them. It commits after
-- each look, so that no index that is made concurrently waits for it.
create temp table known as
    select c.oid, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('demo', 'sei') and c.relkind in ('r', 'p');
create temp table held (oid oid primary key, since timestamptz, longest interval not null);
create procedure pg_temp.watch() language plpgsql as $$
declare
    seen timestamptz;
begin
    while to_regclass('public.sei_bench_done') is null loop
        seen := clock_timestamp();
        with locked as (
            select distinct l.relation as oid from pg_locks l join known k on k.oid = l.relation
            where l.granted and l.pid <> pg_backend_pid()
              and l.mode in ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
        ), free as (
            update held h set since = null where not exists (select from locked where locked.oid = h.oid)
        )
        insert into held as h (oid, since, longest) select oid, seen, interval '0' from locked
        on conflict (oid) do update
        set since = coalesce(h.since, seen), longest = greatest(h.longest, seen - coalesce(h.since, seen));
        commit;
        perform pg_sleep(0.002);
        commit;
    end loop;
end
$$;
