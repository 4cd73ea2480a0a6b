-- The procedure that cdviz-collector calls for each event, and the least that it needs: one table and the index by which an
-- event is there once, without the hypertable and the index over all of the JSON that its own schema had.
create schema cdviz;
create table cdviz.event (
    id text not null,
    type text not null,
    happened_at timestamptz not null,
    stored_at timestamptz not null default now(),
    payload jsonb not null,
    primary key (id, type, happened_at)
);
create procedure cdviz.store_cdevent(event jsonb) language plpgsql as $$
begin
    insert into cdviz.event (id, type, happened_at, payload)
    values (event #>> '{context,id}', event #>> '{context,type}', (event #>> '{context,timestamp}')::timestamptz, event);
end
$$;
