-- Which transactions changed any fact: a reader that keeps what it made from many facts makes it again when one is here that
-- it did not see. Those of a day are kept.
create table fact_change (
    xid         xid8 primary key default pg_current_xact_id(),
    changed_at  timestamptz not null default clock_timestamp()
);
create index fact_change_changed_at on fact_change (changed_at);
