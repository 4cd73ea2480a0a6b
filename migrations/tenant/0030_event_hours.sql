-- Number of events by outcome and by the hour, in UTC, in which they were processed: the transaction of a batch adds to
-- it. It can be a hypertable, and the view a continuous aggregate.
create table event_hour (
    hour        timestamptz not null,
    source      text not null,
    kind        text not null,
    outcome     text not null check (outcome in ('stored', 'ignored', 'rejected')),
    reason      text not null,
    events      bigint not null,
    primary key (hour, source, kind, outcome, reason)
);

create view event_day as
select date_trunc('day', hour, 'UTC') as day, source, kind, outcome, reason, sum(events)::bigint as events
from event_hour
group by 1, 2, 3, 4, 5;
