-- What the engine computes: one row a production deployment, one row a change (or a commit outside of
-- any change) that a deployment carried, each with the evidence of its verdict. Durations are whole
-- microseconds, so that stages add up exactly. The time is part of each key, so that the tables can be
-- hypertables where TimescaleDB is. `digest` is a hash of the row: a computation writes only rows whose
-- digest differs.

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
    previous        text,
    kind            text not null check (kind in ('first', 'normal', 'rollback', 'redeployment', 'none')),
    commits         integer not null,
    changes         integer not null,
    failed          boolean not null,
    failed_by       jsonb not null,
    recovered_at    timestamptz,
    recovered_by    jsonb,
    rework          boolean not null,
    rework_by       jsonb not null,
    counts          boolean not null,
    digest          bigint not null,
    primary key (service, finished_at, deployment)
);
create index deployment_metric_deployment on deployment_metric (deployment);
create index deployment_metric_finished_at on deployment_metric (finished_at);

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
create index change_metric_deployment on change_metric (deployment);
create index change_metric_deployed_at on change_metric (deployed_at);

-- One row an incident of a service.
create table incident_metric (
    service         text not null,
    incident        text not null,
    title           text not null,
    severity        text,
    url             text,
    detected_at     timestamptz not null,
    resolved_at     timestamptz,
    restore_us      bigint,
    deployment      text,
    digest          bigint not null,
    primary key (service, detected_at, incident)
);
create index incident_metric_resolved_at on incident_metric (resolved_at);

-- What the engine noticed about the data itself: clocks that run backwards, a commit that is not known.
create table finding (
    service         text not null,
    kind            text not null,
    subject         text not null,
    detail          text not null,
    primary key (service, kind, subject)
);

-- When each service was computed last and from what. `source` is the kind of deployment that it is
-- measured by; a service without any has a sentence instead that says what to configure. `options` is a
-- hash of the engine's settings: a service that was computed by others is computed again.
create table computation (
    service         text primary key,
    source          text,
    statement       text,
    computed_at     timestamptz not null,
    deployments     bigint not null,
    changes         bigint not null,
    commits         bigint not null,
    partial         boolean not null,
    options         bigint not null
);
