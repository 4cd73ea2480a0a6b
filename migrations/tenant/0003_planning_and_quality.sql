-- Jobs of pipeline runs, what trackers tell of planning, what scanners find, and who is who.

-- not every source of pipeline runs knows the code that they ran on
alter table pipeline_run alter column repository drop not null;

create table task_run (
    id              text primary key,
    run             text not null,
    repository      text,
    name            text not null,
    attempt         bigint not null,
    queued_at       timestamptz,
    started_at      timestamptz,
    finished_at     timestamptz,
    outcome         text check (outcome in ('success', 'failure', 'neither')),
    url             text,
    detail          smallint not null,
    version_at      timestamptz not null,
    digest          bigint not null
);
create index task_run_run on task_run (run);
create index task_run_repository on task_run (repository, finished_at) where repository is not null;

alter table work_item add column reporter text;
alter table work_item add column parent text;
alter table work_item add column sprints text[] not null default '{}';
alter table work_item alter column sprints drop default;
create index work_item_key on work_item (key);
create index work_item_parent on work_item (parent) where parent is not null;

create table transition (
    id              text primary key,
    item            text not null,
    at              timestamptz not null,
    author          text,
    from_status     text,
    to_status       text not null,
    from_category   text check (from_category in ('to_do', 'in_progress', 'done')),
    to_category     text check (to_category in ('to_do', 'in_progress', 'done')),
    detail          smallint not null,
    version_at      timestamptz not null,
    digest          bigint not null
);
create index transition_item on transition (item, at);

create table status (
    id              text primary key,
    tracker         text not null,
    name            text not null,
    category        text not null check (category in ('to_do', 'in_progress', 'done')),
    detail          smallint not null,
    version_at      timestamptz not null,
    digest          bigint not null
);

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
    detail          smallint not null,
    version_at      timestamptz not null,
    digest          bigint not null
);
create index sprint_started_at on sprint (started_at);

create table sprint_entry (
    id              text primary key,
    sprint          text not null,
    item            text not null,
    at              timestamptz not null,
    added           boolean not null,
    detail          smallint not null,
    version_at      timestamptz not null,
    digest          bigint not null
);
create index sprint_entry_sprint on sprint_entry (sprint, at);
create index sprint_entry_item on sprint_entry (item, at);

create table vulnerability (
    id              text primary key,
    repository      text,
    severity        text not null,
    title           text not null,
    rule            text,
    opened_at       timestamptz not null,
    fixed_at        timestamptz,
    dismissed_at    timestamptz,
    url             text,
    deleted         boolean not null,
    detail          smallint not null,
    version_at      timestamptz not null,
    digest          bigint not null
);
create index vulnerability_repository on vulnerability (repository, opened_at);

-- A few rows a project and day: too few to cut by time.
create table quality_measure (
    id              text primary key,
    repository      text,
    project         text not null,
    metric          text not null,
    value           double precision not null,
    at              timestamptz not null,
    detail          smallint not null,
    version_at      timestamptz not null,
    digest          bigint not null
);
create index quality_measure_repository on quality_measure (repository, metric, at) where repository is not null;
create index quality_measure_project on quality_measure (project, metric, at);

alter table account add column email text;
create index account_email on account (email) where email is not null;

-- Who is who, as it was said: the joining is computed from all of it.
create table person (
    origin          text not null,
    name            text not null,
    accounts        text[] not null,
    emails          text[] not null,
    apart           boolean not null,
    deleted         boolean not null,
    detail          smallint not null,
    version_at      timestamptz not null,
    digest          bigint not null,
    primary key (origin, name)
);
