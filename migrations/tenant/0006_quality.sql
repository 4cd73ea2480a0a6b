-- Facts from scanners: vulnerabilities, and measures of code.

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
    completeness    smallint not null,
    version_at      timestamptz not null,
    digest          bigint not null
);
create index vulnerability_repository on vulnerability (repository, opened_at);
call mark_chunks_of('vulnerability', $$select 'vulnerabilities', '', id from $rows$$);

-- A few rows per project and day: too few for a hypertable.
create table quality_measure (
    id              text primary key,
    repository      text,
    project         text not null,
    metric          text not null,
    value           double precision not null,
    at              timestamptz not null,
    completeness    smallint not null,
    version_at      timestamptz not null,
    digest          bigint not null
);
create index quality_measure_repository on quality_measure (repository, metric, at) where repository is not null;
create index quality_measure_project on quality_measure (project, metric, at);
call mark_chunks_of('quality_measure', $$select 'measures', '', id from $rows$$);
