-- What the views for BI tools show beside facts and metric facts. The engine fills these tables while any BI role is
-- granted; `crates/store/src/analytics` makes the views.

-- Who owns what, as metrics are sliced by it.
create table analytics_team (
    name    text primary key,
    parent  text,
    -- itself, and the teams that it is part of
    line    text[] not null
);

create table analytics_service (
    name    text primary key,
    team    text,
    -- that team, and the teams that it is part of
    line    text[] not null
);

create table analytics_repository (
    repository  text not null,
    service     text not null,
    primary key (repository, service)
);

-- The declarations of metrics.
create table analytics_metric (
    id              smallint generated always as identity primary key,
    name            text not null unique,
    title           text not null,
    metric_group    text not null,
    definition      text not null,
    unit            text not null,
    aggregation     text not null,
    slices          text[] not null,
    -- the median of an even number is the lower of the two in the middle
    lower_median    boolean not null,
    position        integer not null,
    -- from when on its rows of `analytics_daily` are outdated; null if they are not
    daily_from      timestamptz
);

-- What observations are about. Observations about the same things share a row.
create table analytics_subject (
    id              bigint primary key,
    services        text[] not null,
    teams           text[] not null,
    repository      text,
    labels          text[] not null,
    type            text,
    assisted        boolean,
    author_teams    text[] not null,
    review_teams    text[] not null
);

-- Observations are replaced by chunks: those that are made from the rows of a source about one owner.
create table analytics_chunk (
    id      bigint primary key,
    source  text not null,
    owner   text not null
);

-- What each metric observed, as the engine's functions make it: SQL only aggregates.
create table analytics_observation (
    chunk           bigint not null,
    -- a hash of the row
    digest          bigint not null,
    metric          smallint not null,
    subject         bigint not null,
    -- when it happened; of what lasts when it began
    at              timestamptz not null,
    -- in the metric's unit; null of what lasts, and of what only says since when something is known to be there
    value           double precision,
    -- of how much, where shares of sums are made
    part_of         double precision,
    -- a number of what it is counted under: a reviewer, an author, a project
    key             bigint,
    -- when what lasts ended; of what turned out to be so later, when it did
    until           timestamptz,
    -- of what lasts: the windows that it is of begin up to `present_until` and end after `present_from`
    present_from    timestamptz,
    present_until   timestamptz,
    primary key (chunk, digest)
);
create index analytics_observation_at on analytics_observation (metric, at);
create index analytics_observation_present
    on analytics_observation (metric, present_until) where present_from is not null;

-- Every metric by day, as the API answers it: of the whole, and by team and by service.
create table analytics_daily (
    metric      smallint not null,
    slice_by    text not null check (slice_by in ('all', 'team', 'service')),
    slice       text not null,
    day         date not null,
    value       double precision,
    n           bigint not null,
    primary key (metric, slice_by, slice, day)
);
create index analytics_daily_day on analytics_daily (metric, day);

-- Up to where the engine has read what changed (see `changed_chunk`), and by which settings.
create table analytics_state (
    one             boolean primary key default true check (one),
    snapshot        text not null,
    schema          bigint not null,
    settings        bigint not null,
    refreshed_at    timestamptz not null,
    -- the last day that is in `analytics_daily`
    last_day        date not null
);

-- What the role that asks may see: everything, or only what belongs to its teams; and whether the names of accounts.
-- Who owns the schema may see everything. A role that is neither sees nothing.
do $$
begin
    execute format(
        'create view analytics_viewer as
         select owner.is_member or coalesce(granted.everything, false) as everything,
                owner.is_member or coalesce(granted.people, false) as people,
                coalesce(granted.teams, ''{}'') as teams
         from (select pg_has_role(current_user, nspowner, ''member'') as is_member
               from pg_namespace where nspname = %1$L) owner
         left join (select teams = ''{}'' as everything, people, teams
                    from sei.analytics_role
                    where name = current_user and (tenant is null or tenant = %1$L)) granted on true',
        current_schema());
end
$$;

create view analytics_visible_team as
select t.name as team
from analytics_team t
where (select v.everything from analytics_viewer v) or t.line && (select v.teams from analytics_viewer v);

create view analytics_visible_service as
select s.name as service
from analytics_service s
where (select v.everything from analytics_viewer v) or s.line && (select v.teams from analytics_viewer v);
