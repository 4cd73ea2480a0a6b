-- Readers that hold rows in memory read the deployments of single changes again.
create index change_metric_change on change_metric (change);
