-- What BI tools read of metrics, and event counts, are in hypertables too.
alter table analytics_observation drop constraint analytics_observation_pkey;
alter table analytics_observation add primary key (chunk, digest, at);
select create_hypertable('analytics_observation', 'at', migrate_data => true, if_not_exists => true,
                         create_default_indexes => false, chunk_time_interval => interval '90 days');
select create_hypertable('analytics_daily', 'day', migrate_data => true, if_not_exists => true,
                         create_default_indexes => false, chunk_time_interval => interval '90 days');
select create_hypertable('event_hour', 'hour', migrate_data => true, if_not_exists => true,
                         create_default_indexes => false, chunk_time_interval => interval '30 days');

-- How old chunks are compressed, which settings say whether they are: rows that are read together are one segment. And the
-- days of event counts are a continuous aggregate, which is refreshed each hour; what it lacks is added as it is read. Views
-- for BI tools that read it are made again after this. TimescaleDB under the Apache license has none of it.
do $$
begin
    if current_setting('timescaledb.license', true) is distinct from 'timescale' then
        return;
    end if;
    alter table deployment_metric set (timescaledb.compress, timescaledb.compress_segmentby = 'service',
                                       timescaledb.compress_orderby = 'finished_at, deployment');
    alter table change_metric set (timescaledb.compress, timescaledb.compress_segmentby = 'service',
                                   timescaledb.compress_orderby = 'deployed_at, change');
    alter table analytics_observation set (timescaledb.compress, timescaledb.compress_segmentby = 'metric, chunk',
                                           timescaledb.compress_orderby = 'at, digest');
    alter table analytics_daily set (timescaledb.compress, timescaledb.compress_segmentby = 'metric, slice_by',
                                     timescaledb.compress_orderby = 'slice, day');
    drop view event_day cascade;
    create materialized view event_day with (timescaledb.continuous, timescaledb.materialized_only = false) as
    select time_bucket(interval '1 day', hour) as day, source, kind, outcome, reason, sum(events)::bigint as events
    from event_hour
    group by 1, 2, 3, 4, 5
    with no data;
    perform add_continuous_aggregate_policy('event_day', start_offset => null, end_offset => interval '1 hour',
                                            schedule_interval => interval '1 hour', if_not_exists => true);
end
$$;
