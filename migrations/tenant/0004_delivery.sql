-- Facts about delivery: CI runs and their jobs, deployments, and incidents.

create table pipeline_run (
    id              text primary key,
    -- null where the source does not know the code that it ran on
    repository      text,
    name            text not null,
    sha             bytea,
    branch          text,
    tag             text,
    -- it ran for a pull request
    pull_request    boolean not null default false,
    attempt         bigint not null,
    queued_at       timestamptz not null,
    started_at      timestamptz,
    finished_at     timestamptz,
    -- when it first finished with success: a later run of it leaves this as it is
    succeeded_at    timestamptz,
    outcome         text check (outcome in ('success', 'failure', 'neither')),
    url             text,
    completeness    smallint not null,
    version_at      timestamptz not null,
    digest          bigint not null
);
create index pipeline_run_repository on pipeline_run (repository, finished_at);
create index pipeline_run_sha on pipeline_run (sha) where sha is not null;
call mark_chunks_of('pipeline_run', $$select 'runs', coalesce(repository, ''), id from $rows$$);

-- Jobs of pipeline runs.
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
    completeness    smallint not null,
    version_at      timestamptz not null,
    digest          bigint not null
);
create index task_run_run on task_run (run);
create index task_run_repository on task_run (repository, finished_at) where repository is not null;
-- Custom metrics read task runs: the version of their answers follows from these marks. The rows are not held in
-- memory.
call mark_chunks_of('task_run', $$select distinct 'facts', '' from $rows$$);

create table deployment (
    id              text primary key,
    -- what reported it, or what it was inferred from
    source          text not null check (source in ('deployment', 'branch', 'pipeline', 'cdevents', 'release', 'tag')),
    repository      text,
    service         text,
    environment     text,
    -- whether the environment is production, if the source reports it
    production      boolean,
    -- the source's id of the rollout that it is part of
    rollout         text,
    sha             bytea,
    name            text,
    started_at      timestamptz,
    finished_at     timestamptz,
    -- when it first finished with success: a later run of it leaves this as it is
    succeeded_at    timestamptz,
    outcome         text check (outcome in ('success', 'failure', 'neither')),
    url             text,
    deleted         boolean not null,
    completeness    smallint not null,
    version_at      timestamptz not null,
    digest          bigint not null
);
create index deployment_repository on deployment (repository, finished_at);
create index deployment_service on deployment (service, finished_at) where service is not null;
create index deployment_sha on deployment (sha) where sha is not null;
-- Who owns what follows from the services that deployments name and their repositories. What names them is marked; where
-- a deployment no longer names what it did, there may be none that does.
call mark_chunks_of('deployment',
                    $$select distinct 'named', coalesce(case when not deleted then service end, ''),
                             coalesce(repository, '')
                      from $rows
                      union all
                      select distinct 'ownership', '', ''
                      from $rows r join deployment d on d.id = r.id
                      where (d.service, d.repository, d.deleted) is distinct from (r.service, r.repository, r.deleted)$$);

create table incident (
    id                      text primary key,
    service                 text,
    repository              text,
    -- what it is part of at its source (a Jira project, a PagerDuty service, a label), which services can select
    selectors               text[] not null default '{}',
    title                   text not null,
    severity                text,
    detected_at             timestamptz not null,
    acknowledged_at         timestamptz,
    resolved_at             timestamptz,
    -- the id of a deployment, or a commit
    caused_by_deployment    text,
    caused_by_change        text,
    external_cause          boolean not null,
    -- the id of a deployment, or a commit
    fixed_by_deployment     text,
    url                     text,
    deleted                 boolean not null,
    completeness            smallint not null,
    version_at              timestamptz not null,
    digest                  bigint not null
);
create index incident_service on incident (service, detected_at) where service is not null;
create index incident_repository on incident (repository, detected_at) where repository is not null;
create index incident_selectors on incident using gin (selectors);
create index incident_caused_by_deployment on incident (caused_by_deployment) where caused_by_deployment is not null;
create index incident_caused_by_change on incident (caused_by_change) where caused_by_change is not null;
create index incident_fixed_by_deployment on incident (fixed_by_deployment) where fixed_by_deployment is not null;
-- Few incidents name a commit (SHA-1 or SHA-256), and the engine asks for them with each service: without indexes of
-- their own it would read all incidents each time.
create index incident_caused_by_commit on incident (caused_by_deployment)
    where caused_by_deployment ~ '^([0-9a-fA-F]{40}|[0-9a-fA-F]{64})$';
create index incident_fixed_by_commit on incident (fixed_by_deployment)
    where fixed_by_deployment ~ '^([0-9a-fA-F]{40}|[0-9a-fA-F]{64})$';
-- Sources send each issue that is not an incident as deleted: nothing reads those. A row that is removed marks the
-- ownership anyway.
call mark_chunks_of('incident', $$select distinct 'ownership', '' from $rows where not deleted$$);
