-- Schema `sei`: what all tenants share. The embedded event log, consumer positions, the tenants.

create table tenant (
    name        text primary key,
    demo        boolean not null default false,
    created_at  timestamptz not null default now()
);

-- The embedded log: a segment is one appended batch, compressed. Positions count events within a
-- partition without gaps: a segment holds [base, base + count).
create table log_partition (
    topic       text    not null,
    partition   integer not null,
    next        bigint  not null default 0,
    primary key (topic, partition)
);

create table log_segment (
    topic       text        not null,
    partition   integer     not null,
    base        bigint      not null,
    count       integer     not null check (count > 0),
    appended_at timestamptz not null default now(),
    events      bytea       not null,
    primary key (topic, partition, base)
);
-- Retention deletes by age; segments are written in the order of time, so a BRIN index is enough.
create index log_segment_appended_at on log_segment using brin (appended_at);
alter table log_segment alter column events set storage external;

-- Where each consumer stands: the position of the next event. It moves in the transaction that writes
-- what the events became, and only from where it stood.
create table position (
    consumer    text    not null,
    topic       text    not null,
    partition   integer not null,
    next        bigint  not null,
    primary key (consumer, topic, partition)
);
