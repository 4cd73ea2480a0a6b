-- What happened that people and programs wait for: new deployments, verdicts that changed, incidents, sources that fail
-- or work again. A row is written in the transaction that makes it true. `detail` is a small object that says what is
-- shown.
--
-- Transactions commit in another order than that of their ids. A reader remembers the snapshot that it has read, as
-- readers of `changed_chunk` do, and reads the rows of transactions that were not visible in it: however transactions
-- overlap, none is missed, none comes twice, and a long transaction holds up no other rows.
create table feed (
    id          bigint generated always as identity primary key,
    xid         xid8 not null default pg_current_xact_id(),
    at          timestamptz not null default clock_timestamp(),
    kind        text not null,
    -- the id of a deployment or an incident, or the name of a source; empty where many rows changed at once
    subject     text not null,
    service     text,
    detail      jsonb not null
);
create index feed_xid on feed (xid, id);
create index feed_at on feed (at);

-- The latest transaction some of whose rows were deleted. Who has not read all transactions up to it has to begin again.
create table feed_pruned (
    up_to       xid8 not null
);
insert into feed_pruned values ('0');

-- Announces, when a transaction commits, that it wrote to the feed or changed what metrics are made from. The payload is
-- the tenant.
create function announce_change() returns trigger language plpgsql as $$
begin
    perform pg_notify('sei_changed', tg_table_schema);
    return null;
end
$$;
create trigger feed_announce after insert on feed for each statement execute function announce_change();
create trigger changed_chunk_announce after insert on changed_chunk
    for each statement execute function announce_change();
