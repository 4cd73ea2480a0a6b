-- Which transactions changed who is who: accounts, statements about persons, members of teams, and users who were linked.
-- A reader that holds people in memory reads them again when one is here that it did not see; those of a day are kept.
create table people_change (
    xid         xid8 primary key default pg_current_xact_id(),
    changed_at  timestamptz not null default clock_timestamp()
);
create index people_change_changed_at on people_change (changed_at);

-- Notes a statement that changed one of the columns that the argument names. A newer version that says the same changes
-- nothing.
create function note_people_change() returns trigger language plpgsql set search_path from current as $$
declare
    is_other boolean;
begin
    if tg_op = 'INSERT' then
        select exists (select from new_rows) into is_other;
    elsif tg_op = 'DELETE' then
        select exists (select from old_rows) into is_other;
    else
        execute format('select exists (select %1$s from new_rows except select %1$s from old_rows)', tg_argv[0])
        into is_other;
    end if;
    if is_other then
        insert into people_change default values on conflict do nothing;
    end if;
    return null;
end
$$;

create procedure note_people_changes_of(changed_table text, columns text) language plpgsql as $$
begin
    execute format(
        'create trigger note_people_insert after insert on %1$I referencing new table as new_rows
             for each statement execute function note_people_change(%2$L);
         create trigger note_people_update after update on %1$I referencing old table as old_rows new table as new_rows
             for each statement execute function note_people_change(%2$L);
         create trigger note_people_delete after delete on %1$I referencing old table as old_rows
             for each statement execute function note_people_change(%2$L);',
        changed_table, columns
    );
end
$$;
call note_people_changes_of('account', 'id, name, email, bot');
call note_people_changes_of('person', 'origin, name, accounts, emails, separate, deleted');
call note_people_changes_of('team', 'name, members, deleted');
call note_people_changes_of('login_person', 'user_id, account');
