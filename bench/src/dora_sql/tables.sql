-- Tables of the shape and with the indexes that Apache DevLake's dashboards read, filled with the same facts. All services
-- are one project. Incidents are linked to the newest deployment before them, by an index that is dropped again.
create schema peer;
create table peer.project_mapping (
    project_name text, "table" text, row_id text, primary key (project_name, "table", row_id)
);
create table peer.cicd_deployment_commits (
    id text, cicd_deployment_id text, cicd_scope_id text, result text, environment text, finished_date timestamptz,
    commit_sha text, primary key (id, commit_sha)
);
create index on peer.cicd_deployment_commits (cicd_scope_id);
create table peer.pull_requests (id text primary key, base_repo_id text, merged_date timestamptz);
create index on peer.pull_requests (base_repo_id);
create table peer.project_pr_metrics (
    id text, project_name text, deployment_commit_id text, pr_cycle_time bigint, primary key (id, project_name)
);
create table peer.incidents (
    id text primary key, scope_id text, created_date timestamptz, resolution_date timestamptz, lead_time_minutes bigint
);
create table peer.project_incident_deployment_relationships (
    id text, project_name text, deployment_id text, primary key (id, project_name)
);

insert into peer.cicd_deployment_commits
select deployment_id, deployment_id, repository, 'SUCCESS', 'PRODUCTION', finished_at, coalesce(sha, '')
from analytics_main.deployment where success
on conflict do nothing;
insert into peer.project_mapping
select 'all', 'cicd_scopes', cicd_scope_id from peer.cicd_deployment_commits
union
select 'all', 'repos', repository from analytics_main.repository
union
select 'all', 'boards', service from analytics_main.service;
insert into peer.pull_requests
select change_id, repository, merged_at from analytics_main.change where merged_at is not null
on conflict do nothing;
insert into peer.project_pr_metrics
select change_id, 'all', deployment_id, (lead_time_seconds / 60)::bigint
from analytics_main.deployed_change where not is_commit and lead_time_seconds is not null
on conflict do nothing;
insert into peer.incidents
select incident_id, service, detected_at, resolved_at, (time_to_restore_seconds / 60)::bigint
from analytics_main.incident where service is not null
on conflict do nothing;

create index by_time on peer.cicd_deployment_commits (finished_date);
analyze peer.cicd_deployment_commits;
insert into peer.project_incident_deployment_relationships
select i.id, 'all', d.cicd_deployment_id
from peer.incidents i
     cross join lateral (select c.cicd_deployment_id from peer.cicd_deployment_commits c
                         where c.finished_date <= i.created_date order by c.finished_date desc limit 1) d;
drop index peer.by_time;
