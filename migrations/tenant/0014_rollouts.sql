-- A deployment that puts a version into production again, and the deployment that counts for a rollout.
alter table deployment_metric drop constraint deployment_metric_kind_check;
alter table deployment_metric add constraint deployment_metric_kind_check
    check (kind in ('first', 'normal', 'rollback', 'roll_forward', 'redeployment', 'none'));
alter table deployment_metric add column rollout text;
