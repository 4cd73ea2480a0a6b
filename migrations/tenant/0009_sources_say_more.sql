-- Sources say more: which environments are production, which deployments are one rollout, what a run ran for, where a
-- commit was cherry-picked from, and that a work item was closed without being done.
alter table deployment add column production boolean, add column rollout text;
alter table pipeline_run add column tag text, add column pull_request boolean not null default false;
alter table commit add column cherry_picked_from bytea;
alter table work_item add column canceled boolean not null default false;
