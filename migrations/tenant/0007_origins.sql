-- Which events of the log told of a fact, for as long as the log may hold them: from a number to its row, from
-- the row to its evidence, from there to the raw event. `fact` is a digest of the topic and the fact's id.
create table origin (
    fact            bigint not null,
    partition       integer not null,
    position        bigint not null,
    received_at     timestamptz not null,
    primary key (fact, partition, position)
);
-- Rows leave by age and come in the order of time, nearly, so a BRIN index is enough.
create index origin_received_at on origin using brin (received_at);
