-- Schema `sei`, which all tenants use: the tenants, the embedded event log, and the positions of its consumers.

create table tenant (
    name        text primary key,
    -- its data is invented
    demo        boolean not null default false,
    created_at  timestamptz not null default now()
);

-- The embedded log. Positions count the events of a partition without gaps: `next` is that of its next event.
create table log_partition (
    topic       text    not null,
    partition   integer not null,
    next        bigint  not null default 0,
    primary key (topic, partition)
);

-- A segment is one appended batch, compressed. It holds the events at [base, base + count).
create table log_segment (
    topic       text        not null,
    partition   integer     not null,
    base        bigint      not null,
    count       integer     not null check (count > 0),
    appended_at timestamptz not null default now(),
    events      bytea       not null,
    primary key (topic, partition, base)
);
-- Retention deletes by age, and segments are written in the order of time: a BRIN index is enough.
create index log_segment_appended_at on log_segment using brin (appended_at);
alter table log_segment alter column events set storage external;

-- The position of the next event that a consumer reads. The transaction that writes the outcome of a batch moves it,
-- and only if it is still where the batch began.
create table position (
    consumer    text    not null,
    topic       text    not null,
    partition   integer not null,
    next        bigint  not null,
    primary key (consumer, topic, partition)
);
