-- Indexes by which details that are kept no longer are found: they are written almost in the order of time.
create index task_run_finished_at on task_run using brin (finished_at);
create index quality_measure_at on quality_measure using brin (at);
