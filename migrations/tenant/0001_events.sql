-- What arrives: the state of sources, the outcome of their events, and which events a fact came from.

-- How far each pull has come, as the connector's own JSON. It is saved after the log has acknowledged the page.
create table cursor (
    source      text primary key,
    cursor      jsonb not null,
    saved_at    timestamptz not null default now()
);

-- The outcome of the last attempts to collect each source. The cursors say where the next one begins.
create table source_state (
    source              text primary key,
    -- the last attempt, whether it worked or not
    attempted_at        timestamptz not null,
    -- the last one that worked
    succeeded_at        timestamptz,
    -- when the last attempt began that read everything: everything before then is known
    complete_until      timestamptz,
    -- number of rows or commits that the last attempt fetched
    fetched             bigint not null default 0,
    -- the last one that failed, and why; `error` is null if the last one worked
    failed_at           timestamptz,
    error               text,
    -- what the last attempt skipped because it could not be fetched
    problems            text[] not null default '{}',
    -- the remaining rate budget, as the source last reported it
    budget_left         bigint,
    budget_resets_at    timestamptz
);

-- Number of events by outcome. The transaction of a batch adds to it.
create table event_count (
    source      text not null,
    kind        text not null,
    outcome     text not null check (outcome in ('stored', 'ignored', 'rejected')),
    reason      text not null,
    events      bigint not null,
    primary key (source, kind, outcome, reason)
);

-- Dead letters: events that could not be read, with their bytes for a replay. An event that arrives again has one row.
create table dead_letter (
    source          text not null,
    event_id        text not null,
    kind            text not null,
    subject         text,
    key             text not null,
    reason          text not null,
    detail          text not null,
    received_at     timestamptz not null,
    rejected_at     timestamptz not null default now(),
    topic           text not null,
    partition       integer not null,
    position        bigint not null,
    content_type    text not null,
    payload         bytea not null,
    primary key (source, event_id)
);
create index dead_letter_rejected_at on dead_letter (rejected_at);

-- The log positions of the events that a fact came from, for as long as the log may hold them: from a number to its
-- row, from the row to its evidence, and from there to the raw event. `fact` is a digest of the topic and the id of the
-- fact.
create table origin (
    fact            bigint not null,
    partition       integer not null,
    position        bigint not null,
    received_at     timestamptz not null,
    primary key (fact, partition, position)
);
-- Rows are deleted by age and written almost in the order of time: a BRIN index is enough.
create index origin_received_at on origin using brin (received_at);

-- Things whose events state only a part of them: for each field, the newest statement.
create table partial_fact (
    kind            text not null,
    id              text not null,
    stated          jsonb not null,
    primary key (kind, id)
);
