-- Repositories, and owners and groups of repositories, that have another id now. Facts that name the old id are stored
-- under the new one.
create table moved (
    id              text primary key,
    new_id          text not null,
    detail          smallint not null,
    version_at      timestamptz not null,
    digest          bigint not null
);
create index moved_new_id on moved (new_id);
