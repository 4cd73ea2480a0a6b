-- Whether backups of this database are made: one row, once one was begun. No backup holds it.
create table backup_state (
    only_row  boolean primary key default true check (only_row),
    -- when one was begun first: since then there have to be some
    begun_at  timestamptz not null,
    -- of when the newest one is
    made_at   timestamptz
);
