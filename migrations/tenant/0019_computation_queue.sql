-- Services that wait to be computed, oldest first. Rows are added by the transaction that takes the marks of what
-- changed, and deleted by the one that writes what was computed.
create table computation_queue (
    id bigint generated always as identity primary key,
    service text not null
);
create index computation_queue_service on computation_queue (service, id);
