-- Metrics of the user's own read runs of tasks: answers about them are as new as these. Their rows are not held.
create trigger mark_chunks_insert after insert on task_run referencing new table as new_rows
    for each statement execute function mark_chunks('select distinct ''facts'', '''' from $rows');
create trigger mark_chunks_update after update on task_run referencing old table as old_rows new table as new_rows
    for each statement execute function mark_chunks('select distinct ''facts'', '''' from $rows');
create trigger mark_chunks_delete after delete on task_run referencing old table as old_rows
    for each statement execute function mark_chunks('select distinct ''facts'', '''' from $rows');

-- Sources take back each issue that is no incident: of those nothing is read.
drop trigger mark_chunks_insert on incident;
drop trigger mark_chunks_update on incident;
create trigger mark_chunks_insert after insert on incident referencing new table as new_rows
    for each statement execute function mark_chunks('select distinct ''ownership'', '''' from $rows where not deleted');
create trigger mark_chunks_update after update on incident referencing old table as old_rows new table as new_rows
    for each statement execute function mark_chunks('select distinct ''ownership'', '''' from $rows where not deleted');

-- The changes of a repository are read with what is known of their deployments, whenever one of them has changed.
create index change_metric_repository on change_metric (repository);
