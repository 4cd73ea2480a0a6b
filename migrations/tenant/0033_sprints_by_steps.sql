-- If a source does not say when a work item was done, its last step does: sprints are read again, too, when steps of their
-- items have changed.
drop trigger mark_chunks_insert on transition;
drop trigger mark_chunks_update on transition;
drop trigger mark_chunks_delete on transition;
call mark_chunks_of('transition',
                    $$select distinct case when w.id is null then 'facts' else 'items' end, coalesce(w.project, ''),
                             coalesce(w.id, '')
                      from $rows t left join work_item w on w.id = t.item
                      union all
                      select distinct 'sprints', '', e.sprint from $rows t join sprint_entry e on e.item = t.item$$);
