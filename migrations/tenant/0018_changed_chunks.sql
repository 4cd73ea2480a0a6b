-- What was written by which transaction, so that readers who hold rows in memory read again what has changed, and only
-- that. A source is what metrics are made from; its rows are held in chunks by owner: a repository, a project or a
-- service. An empty owner stands for all of them.
--
-- A reader remembers the snapshot in which it read, and asks for the rows of transactions that this snapshot did not
-- show. However transactions overlap, none is missed, and no writer waits for another.
create table changed_chunk (
    source     text not null,
    owner      text not null,
    xid        xid8 not null default pg_current_xact_id(),
    changed_at timestamptz not null default clock_timestamp(),
    primary key (xid, source, owner)
);
create index changed_chunk_changed_at on changed_chunk (changed_at);

-- Marks the chunks that a statement touched. The argument selects source and owner from its rows. The function
-- keeps the schema of its tenant, so that a statement may come with any search_path.
create function mark_chunks() returns trigger language plpgsql set search_path from current as $$
begin
    if tg_op <> 'DELETE' then
        execute 'insert into changed_chunk (source, owner) ' || replace(tg_argv[0], '$rows', 'new_rows')
                || ' on conflict do nothing';
    end if;
    if tg_op = 'DELETE' then
        -- which repositories there are may follow from the facts about them
        insert into changed_chunk (source, owner) values ('ownership', '') on conflict do nothing;
    end if;
    if tg_op <> 'INSERT' then
        execute 'insert into changed_chunk (source, owner) ' || replace(tg_argv[0], '$rows', 'old_rows')
                || ' on conflict do nothing';
    end if;
    return null;
end
$$;

-- The tables of facts. Rows of metrics are marked by the store as it writes them: they may be in hypertables.
do $$
declare
    watched record;
begin
    for watched in
        select * from (values
            ('change', 'select distinct ''changes'', repository from $rows'),
            ('review', 'select distinct ''changes'', c.repository from $rows r join change c on c.id = r.change'),
            ('commit', 'select distinct ''changes'', repository from $rows'),
            ('account', 'select distinct ''changes'', '''' from $rows where bot'),
            ('pipeline_run', 'select distinct ''runs'', coalesce(repository, '''') from $rows'),
            ('repository', 'select s.source, r.id from $rows r, (values (''runs''), (''ownership'')) as s (source)'),
            ('work_item', 'select distinct s.source, s.owner from $rows r,
                           lateral (values (''items'', r.project), (''sprints'', '''')) as s (source, owner)'),
            ('transition', 'select distinct ''items'', w.project from $rows t join work_item w on w.id = t.item'),
            ('status', 'select distinct ''items'', '''' from $rows'),
            ('sprint', 'select distinct ''sprints'', '''' from $rows'),
            ('sprint_entry', 'select distinct ''sprints'', '''' from $rows'),
            ('vulnerability', 'select distinct ''vulnerabilities'', '''' from $rows'),
            ('quality_measure', 'select distinct ''measures'', '''' from $rows'),
            ('service', 'select distinct ''ownership'', '''' from $rows'),
            ('team', 'select distinct ''ownership'', '''' from $rows'),
            ('deployment', 'select distinct ''ownership'', '''' from $rows'),
            ('incident', 'select distinct ''ownership'', '''' from $rows')
        ) as list (name, chunks)
    loop
        execute format(
            'create trigger mark_chunks_insert after insert on %1$I referencing new table as new_rows
                 for each statement execute function mark_chunks(%2$L);
             create trigger mark_chunks_update after update on %1$I
                 referencing old table as old_rows new table as new_rows
                 for each statement execute function mark_chunks(%2$L);
             create trigger mark_chunks_delete after delete on %1$I referencing old table as old_rows
                 for each statement execute function mark_chunks(%2$L);',
            watched.name, watched.chunks
        );
    end loop;
end
$$;
