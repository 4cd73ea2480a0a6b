-- What was written by which transaction. Readers that hold rows in memory read only what has changed again. `source` is
-- the input of metrics that the rows belong to; its rows are held in chunks by `owner`: a repository, a project or a
-- service, or none. `key` says which rows of the chunk: one without a key stands for all of them, and with neither owner
-- nor key for all of the source.
--
-- A reader remembers the snapshot in which it read, and asks for the rows of transactions that were not visible in it.
-- However transactions overlap, none is missed, and no writer waits for another.
create table changed_chunk (
    source      text not null,
    owner       text not null,
    key         text not null default '',
    xid         xid8 not null default pg_current_xact_id(),
    changed_at  timestamptz not null default clock_timestamp(),
    primary key (xid, source, owner, key)
);
create index changed_chunk_changed_at on changed_chunk (changed_at);

-- Marks what a statement changed. The argument selects source and owner from its rows, `$rows`, and as a third column the
-- key if the source has one. Where a statement changed many rows, their chunks are marked whole. The function keeps the
-- schema of its tenant, so that a statement may have any search_path.
create function mark_chunks() returns trigger language plpgsql set search_path from current as $$
declare
    most constant bigint := 500;
    changed bigint;
    marks text := 'insert into changed_chunk %s on conflict do nothing';
begin
    if tg_op <> 'DELETE' then
        select count(*) into changed from new_rows;
    else
        select count(*) into changed from old_rows;
        -- which repositories exist may follow from the facts about them
        insert into changed_chunk (source, owner) values ('ownership', '') on conflict do nothing;
    end if;
    if changed > most then
        marks := format(marks, '(source, owner) select distinct source, owner from (%s) as changed (source, owner)');
    end if;
    if tg_op <> 'DELETE' then
        execute format(marks, replace(tg_argv[0], '$rows', 'new_rows'));
    end if;
    if tg_op <> 'INSERT' then
        execute format(marks, replace(tg_argv[0], '$rows', 'old_rows'));
    end if;
    return null;
end
$$;

-- Makes every statement that changes the table mark what it changed. Tables of facts call it; rows of metrics are marked
-- by the store as it writes them, since they may be in hypertables.
create procedure mark_chunks_of(changed_table text, chunks text) language plpgsql as $$
begin
    execute format(
        'create trigger mark_chunks_insert after insert on %1$I referencing new table as new_rows
             for each statement execute function mark_chunks(%2$L);
         create trigger mark_chunks_update after update on %1$I referencing old table as old_rows new table as new_rows
             for each statement execute function mark_chunks(%2$L);
         create trigger mark_chunks_delete after delete on %1$I referencing old table as old_rows
             for each statement execute function mark_chunks(%2$L);',
        changed_table, chunks
    );
end
$$;
