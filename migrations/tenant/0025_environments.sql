-- Which environments are production is found by one look each.
create index deployment_metric_environment on deployment_metric (environment);
