-- Which values of `analytics_daily` are outdated: days, in place of one day for each metric from which on all were.
create table analytics_outdated (
    metric      smallint not null,
    first_day   date not null,
    last_day    date not null,
    -- another number each time that it is noted
    noted       bigint not null generated always as identity,
    primary key (metric, first_day, last_day)
);
insert into analytics_outdated (metric, first_day, last_day)
select id, (daily_from at time zone 'UTC')::date - 1, current_date + 1 from analytics_metric where daily_from is not null;
alter table analytics_metric drop column daily_from;
