-- Indexes of the lists of the API: each list is read by keyset in the order of its time, and what belongs to a thing is
-- found by it.

create index change_opened on change ((coalesce(opened_at, merged_at, closed_at, version_at)), id) where not deleted;
create index change_open on change ((coalesce(opened_at, merged_at, closed_at, version_at)), id)
    where state = 'open' and not deleted;
create index change_merged on change (merged_at, id) where merged_at is not null and not deleted;
create index commit_committed_at on commit (repository, committed_at);
create index pipeline_run_queued_at on pipeline_run (queued_at, id);
create index deployment_environment
    on deployment (environment, (coalesce(finished_at, started_at, version_at))) where environment is not null;
create index incident_detected_at on incident (detected_at, id) where not deleted;
create index incident_metric_incident on incident_metric (incident);
create index incident_metric_deployment on incident_metric (deployment) where deployment is not null;
create index work_item_created_at on work_item (created_at, id) where not deleted;
create index work_item_sprints on work_item using gin (sprints);
create index vulnerability_opened_at on vulnerability (opened_at, id) where not deleted;
