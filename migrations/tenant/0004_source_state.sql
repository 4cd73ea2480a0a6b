-- How the last attempts to collect each source went. The cursors say where the next one begins.
create table source_state (
    source          text primary key,
    -- the last attempt, whether it worked or not
    attempted_at    timestamptz not null,
    -- the last one that worked, and when it began: everything up to then is known
    succeeded_at    timestamptz,
    complete_until  timestamptz,
    -- what it told
    told            bigint not null default 0,
    -- the last one that did not work
    failed_at       timestamptz,
    error           text,
    -- what is left of the rate budget, as the source last said
    budget_left     bigint,
    budget_resets_at timestamptz
);
