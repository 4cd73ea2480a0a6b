-- Which kinds of facts a transaction changed, so that what is made from one kind is not made again for another. An empty
-- kind stands for any.
alter table fact_change add column kind text not null default '';
alter table fact_change drop constraint fact_change_pkey;
alter table fact_change add primary key (xid, kind);

-- Up to where observations of the metrics of the settings follow from the facts of a kind.
create table analytics_custom (
    fact            text primary key,
    snapshot        text not null,
    schema          bigint not null,
    refreshed_at    timestamptz not null,
    -- how long reading and writing took
    took            interval not null
);
