-- When what runs first ended with success: what is run again later never moves it. Of rows from before this, the end
-- that is known.
alter table pipeline_run add column succeeded_at timestamptz;
update pipeline_run set succeeded_at = finished_at where outcome = 'success';
alter table deployment add column succeeded_at timestamptz;
update deployment set succeeded_at = finished_at
where outcome = 'success' and source in ('deployment', 'pipeline', 'cdevents');

-- Branches whose pipeline runs can be deployments, beside the default branch.
alter table service add column branches text[] not null default '{}';

-- What an incident names by a commit: that of a deployment, of a run, or any; as its cause or its fix; SHA-1 or SHA-256.
create index deployment_sha on deployment (sha) where sha is not null;
create index pipeline_run_sha on pipeline_run (sha) where sha is not null;
drop index incident_caused_by_commit;
create index incident_caused_by_commit on incident (caused_by_deployment)
    where caused_by_deployment ~ '^([0-9a-fA-F]{40}|[0-9a-fA-F]{64})$';
create index incident_fixed_by_commit on incident (fixed_by_deployment)
    where fixed_by_deployment ~ '^([0-9a-fA-F]{40}|[0-9a-fA-F]{64})$';
