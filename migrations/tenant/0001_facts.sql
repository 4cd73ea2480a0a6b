-- A tenant's facts. Every table of facts carries which picture of the thing it holds: `detail`,
-- `version_at`, and `digest` (a hash of the fact) to break ties, so that the order of arrival never
-- matters: a row is replaced only by a greater (detail, version_at, digest).

create table repository (
    id              text primary key,
    name            text not null,
    url             text,
    default_branch  text,
    partial         boolean not null,
    detail          smallint not null,
    version_at      timestamptz not null,
    digest          bigint not null
);

create table commit (
    repository      text not null,
    sha             bytea not null,
    parents         bytea[],
    author          text,
    authored_at     timestamptz not null,
    committed_at    timestamptz not null,
    subject         text not null,
    branch          text,
    reverts         bytea[] not null,
    additions       bigint,
    deletions       bigint,
    changed_files   bigint,
    detail          smallint not null,
    version_at      timestamptz not null,
    digest          bigint not null,
    primary key (repository, sha)
);

create table change (
    id              text primary key,
    repository      text not null,
    number          bigint,
    title           text not null,
    url             text,
    state           text not null check (state in ('open', 'merged', 'abandoned')),
    author          text,
    source_branch   text,
    target_branch   text,
    head_sha        bytea,
    merge_sha       bytea,
    commits         bytea[] not null,
    opened_at       timestamptz,
    ready_at        timestamptz,
    merged_at       timestamptz,
    closed_at       timestamptz,
    additions       bigint,
    deletions       bigint,
    labels          text[] not null,
    reverts         text,
    deleted         boolean not null,
    detail          smallint not null,
    version_at      timestamptz not null,
    digest          bigint not null
);
create index change_repository on change (repository, merged_at);

create table review (
    id              text primary key,
    change          text not null,
    reviewer        text,
    state           text not null check (state in ('approved', 'changes_requested', 'commented', 'dismissed')),
    submitted_at    timestamptz not null,
    detail          smallint not null,
    version_at      timestamptz not null,
    digest          bigint not null
);
create index review_change on review (change, submitted_at);

create table pipeline_run (
    id              text primary key,
    repository      text not null,
    name            text not null,
    sha             bytea,
    branch          text,
    attempt         bigint not null,
    queued_at       timestamptz not null,
    started_at      timestamptz,
    finished_at     timestamptz,
    outcome         text check (outcome in ('success', 'failure', 'neither')),
    url             text,
    detail          smallint not null,
    version_at      timestamptz not null,
    digest          bigint not null
);
create index pipeline_run_repository on pipeline_run (repository, finished_at);

create table deployment (
    id              text primary key,
    source          text not null check (source in ('deployment', 'branch', 'pipeline', 'cdevents', 'release', 'tag')),
    repository      text,
    service         text,
    environment     text,
    sha             bytea,
    name            text,
    started_at      timestamptz,
    finished_at     timestamptz,
    outcome         text check (outcome in ('success', 'failure', 'neither')),
    url             text,
    deleted         boolean not null,
    detail          smallint not null,
    version_at      timestamptz not null,
    digest          bigint not null
);
create index deployment_repository on deployment (repository, finished_at);
create index deployment_service on deployment (service, finished_at) where service is not null;

create table incident (
    id                   text primary key,
    service              text,
    repository           text,
    title                text not null,
    severity             text,
    detected_at          timestamptz not null,
    acknowledged_at      timestamptz,
    resolved_at          timestamptz,
    caused_by_deployment text,
    caused_by_change     text,
    external_cause       boolean not null,
    fixed_by_deployment  text,
    url                  text,
    deleted              boolean not null,
    detail               smallint not null,
    version_at           timestamptz not null,
    digest               bigint not null
);
create index incident_service on incident (service, detected_at) where service is not null;
create index incident_repository on incident (repository, detected_at) where repository is not null;
create index incident_caused_by_deployment on incident (caused_by_deployment) where caused_by_deployment is not null;
create index incident_caused_by_change on incident (caused_by_change) where caused_by_change is not null;
create index incident_fixed_by_deployment on incident (fixed_by_deployment) where fixed_by_deployment is not null;

create table work_item (
    id              text primary key,
    key             text not null,
    project         text not null,
    title           text not null,
    kind            text,
    status          text not null,
    status_category text not null check (status_category in ('to_do', 'in_progress', 'done')),
    assignee        text,
    created_at      timestamptz not null,
    started_at      timestamptz,
    done_at         timestamptz,
    points          double precision,
    labels          text[] not null,
    url             text,
    deleted         boolean not null,
    detail          smallint not null,
    version_at      timestamptz not null,
    digest          bigint not null
);
create index work_item_project on work_item (project, created_at);

create table account (
    id              text primary key,
    name            text not null,
    bot             boolean not null,
    detail          smallint not null,
    version_at      timestamptz not null,
    digest          bigint not null
);

create table service (
    name             text primary key,
    repositories     text[] not null,
    team             text,
    production       text,
    deployments_from text,
    deleted          boolean not null,
    detail           smallint not null,
    version_at       timestamptz not null,
    digest           bigint not null
);

create table team (
    name            text primary key,
    parent          text,
    members         text[] not null,
    deleted         boolean not null,
    detail          smallint not null,
    version_at      timestamptz not null,
    digest          bigint not null
);

-- Events that could not be read, with their bytes, for a replay. One row an event, however often it came.
create table reject (
    source      text not null,
    event_id    text not null,
    kind        text not null,
    subject     text,
    key         text not null,
    reason      text not null,
    detail      text not null,
    received_at timestamptz not null,
    rejected_at timestamptz not null default now(),
    topic       text not null,
    partition   integer not null,
    position    bigint not null,
    content_type text not null,
    payload     bytea not null,
    primary key (source, event_id)
);
create index reject_rejected_at on reject (rejected_at);

-- How many events ended how; moved in the batch's transaction.
create table event_count (
    source      text not null,
    kind        text not null,
    outcome     text not null check (outcome in ('stored', 'ignored', 'rejected')),
    reason      text not null,
    events      bigint not null,
    primary key (source, kind, outcome, reason)
);

-- How far each pull has come: a connector's own JSON, saved after its page was acknowledged by the log.
create table cursor (
    source      text primary key,
    cursor      jsonb not null,
    saved_at    timestamptz not null default now()
);

-- Which repositories or services have new facts that no computation has seen yet. `subject` is the id
-- of a repository, or `service:<name>` for facts that name only a service, or `*`. A mark a transaction,
-- never updated: writers don't wait for each other or for the engine, and the engine takes only marks
-- whose facts it can see.
create table stale (
    id          bigint generated always as identity primary key,
    subject     text not null,
    since       timestamptz not null default now()
);
