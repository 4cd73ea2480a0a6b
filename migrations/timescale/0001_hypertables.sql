-- Only where the extension can be created: rows of metrics are in hypertables, in chunks of 90 days.
select create_hypertable('deployment_metric', 'finished_at', migrate_data => true, if_not_exists => true,
                         chunk_time_interval => interval '90 days');
select create_hypertable('change_metric', 'deployed_at', migrate_data => true, if_not_exists => true,
                         chunk_time_interval => interval '90 days');
