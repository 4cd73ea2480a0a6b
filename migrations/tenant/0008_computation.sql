-- What the engine has to compute, and what it computes. Rows of metrics have the evidence for their verdict, and their
-- time in their key, so that the tables can be hypertables. `digest` is a hash of the row: a computation writes only
-- rows whose digest differs.

-- Marks of what has new facts that no computation has read yet. `subject` is the id of a repository, `service:<name>`
-- for facts that name only a service, or `*`. Transactions add rows and never update them: writers don't wait for each
-- other or for the engine, and the engine takes only marks whose facts are visible to it.
create table invalidation (
    id          bigint generated always as identity primary key,
    subject     text not null,
    since       timestamptz not null default now()
);

-- Services that wait to be computed, oldest first. The transaction that takes the marks of what changed adds rows, and
-- the one that writes the results deletes them.
create table computation_queue (
    id          bigint generated always as identity primary key,
    service     text not null
);
create index computation_queue_service on computation_queue (service, id);

-- The last computation of each service. `source` is the kind of deployments that it is measured by; a service without
-- deployments has a `statement` that says what to configure. `options` is a hash of the engine's settings: a service
-- that was computed by others is computed again. `error` says why the last attempt failed, and is null if it did not;
-- the results of an earlier one stay.
create table computation (
    service         text primary key,
    source          text,
    statement       text,
    computed_at     timestamptz not null,
    deployments     bigint not null,
    changes         bigint not null,
    commits         bigint not null,
    partial         boolean not null,
    options         bigint not null,
    error           text
);

-- What the engine found about the data itself: clocks that run backwards, a commit that is not known.
create table finding (
    service         text not null,
    kind            text not null,
    subject         text not null,
    detail          text not null,
    primary key (service, kind, subject)
);

-- One row per production deployment of a service.
create table deployment_metric (
    service         text not null,
    deployment      text not null,
    finished_at     timestamptz not null,
    source          text not null,
    repository      text,
    environment     text,
    name            text,
    sha             bytea,
    url             text,
    success         boolean not null,
    -- the deployment before it
    previous        text,
    kind            text not null
                    check (kind in ('first', 'normal', 'rollback', 'roll_forward', 'redeployment', 'none')),
    -- the deployment that is counted for its rollout
    rollout         text,
    commits         integer not null,
    changes         integer not null,
    failed          boolean not null,
    failed_by       jsonb not null,
    recovered_at    timestamptz,
    recovered_by    jsonb,
    rework          boolean not null,
    rework_by       jsonb not null,
    -- whether metrics count it
    counted         boolean not null,
    digest          bigint not null,
    primary key (service, finished_at, deployment)
);
create index deployment_metric_deployment on deployment_metric (deployment);
create index deployment_metric_finished_at on deployment_metric (finished_at);

-- One row per change, or direct commit, that a deployment carried.
create table change_metric (
    service         text not null,
    deployed_at     timestamptz not null,
    change          text not null,
    is_commit       boolean not null,
    deployment      text not null,
    repository      text not null,
    title           text not null,
    author          text,
    bot             boolean not null,
    commits         integer not null,
    started_at      timestamptz,
    opened_at       timestamptz,
    ready_at        timestamptz,
    first_review_at timestamptz,
    approved_at     timestamptz,
    merged_at       timestamptz,
    coding_us       bigint,
    pickup_us       bigint,
    review_us       bigint,
    approval_us     bigint,
    deploy_us       bigint,
    lead_time_us    bigint,
    excluded        boolean not null,
    digest          bigint not null,
    primary key (service, deployed_at, change)
);
-- readers that hold rows in memory read the deployments of single changes again
create index change_metric_change on change_metric (change);
create index change_metric_deployment on change_metric (deployment);
create index change_metric_deployed_at on change_metric (deployed_at);
-- The changes of a repository are read with their deployments whenever one of them has changed.
create index change_metric_repository on change_metric (repository);

-- One row per incident of a service.
create table incident_metric (
    service         text not null,
    incident        text not null,
    title           text not null,
    severity        text,
    url             text,
    detected_at     timestamptz not null,
    resolved_at     timestamptz,
    restore_us      bigint,
    -- the deployment that caused it
    deployment      text,
    digest          bigint not null,
    primary key (service, detected_at, incident)
);
create index incident_metric_resolved_at on incident_metric (resolved_at);

-- The merges to the default branches of a service without deployments, and the lead times of their changes: the
-- preview of a report, as if each merge were a deployment. They are not rows of metrics: exports leave them out, and
-- the first deployment deletes them. Times are microseconds since 1970, oldest first.
create table merge_preview (
    service          text primary key,
    branches         text[] not null,
    merged_us        bigint[] not null,
    -- one element per change with a known lead time, in both
    change_merged_us bigint[] not null,
    lead_time_us     bigint[] not null,
    -- older merges are left out
    truncated        boolean not null
);
