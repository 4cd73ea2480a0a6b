-- Facts about planning, from trackers: work items, their transitions, statuses and sprints.

create table work_item (
    id              text primary key,
    key             text not null,
    project         text not null,
    title           text not null,
    kind            text,
    status          text not null,
    status_category text not null check (status_category in ('to_do', 'in_progress', 'done')),
    -- it was closed without being done
    canceled        boolean not null default false,
    reporter        text,
    assignee        text,
    parent          text,
    created_at      timestamptz not null,
    started_at      timestamptz,
    done_at         timestamptz,
    points          double precision,
    labels          text[] not null,
    sprints         text[] not null,
    url             text,
    deleted         boolean not null,
    completeness    smallint not null,
    version_at      timestamptz not null,
    digest          bigint not null
);
create index work_item_project on work_item (project, created_at);
create index work_item_key on work_item (key);
create index work_item_parent on work_item (parent) where parent is not null;
call mark_chunks_of('work_item',
                    $$select 'items', project, id from $rows
                      union all
                      select distinct 'sprints', '', e.sprint from $rows r join sprint_entry e on e.item = r.id$$);

-- Close events: what a source closed without any other data. The work item and the incident of that id are closed by
-- it, unless their own version is later.
create table close_event (
    id              text primary key,
    at              timestamptz not null,
    completeness    smallint not null,
    version_at      timestamptz not null,
    digest          bigint not null
);

create table transition (
    id              text primary key,
    -- the work item
    item            text not null,
    at              timestamptz not null,
    author          text,
    from_status     text,
    to_status       text not null,
    from_category   text check (from_category in ('to_do', 'in_progress', 'done')),
    to_category     text check (to_category in ('to_do', 'in_progress', 'done')),
    completeness    smallint not null,
    version_at      timestamptz not null,
    digest          bigint not null
);
create index transition_item on transition (item, at);
-- of one whose item is not known, only metrics of the user's own read anything
call mark_chunks_of('transition',
                    $$select distinct case when w.id is null then 'facts' else 'items' end, coalesce(w.project, ''),
                             coalesce(w.id, '')
                      from $rows t left join work_item w on w.id = t.item$$);

-- The category of each status of a tracker.
create table status (
    id              text primary key,
    tracker         text not null,
    name            text not null,
    category        text not null check (category in ('to_do', 'in_progress', 'done')),
    completeness    smallint not null,
    version_at      timestamptz not null,
    digest          bigint not null
);
call mark_chunks_of('status', $$select distinct 'items', '' from $rows$$);

create table sprint (
    id              text primary key,
    board           text,
    name            text not null,
    goal            text,
    started_at      timestamptz,
    ends_at         timestamptz,
    completed_at    timestamptz,
    url             text,
    deleted         boolean not null,
    completeness    smallint not null,
    version_at      timestamptz not null,
    digest          bigint not null
);
create index sprint_started_at on sprint (started_at);
call mark_chunks_of('sprint', $$select 'sprints', '', id from $rows$$);

-- Work items added to a sprint, or removed from it.
create table sprint_entry (
    id              text primary key,
    sprint          text not null,
    -- the work item
    item            text not null,
    at              timestamptz not null,
    added           boolean not null,
    completeness    smallint not null,
    version_at      timestamptz not null,
    digest          bigint not null
);
create index sprint_entry_sprint on sprint_entry (sprint, at);
create index sprint_entry_item on sprint_entry (item, at);
call mark_chunks_of('sprint_entry', $$select distinct 'sprints', '', sprint from $rows$$);
