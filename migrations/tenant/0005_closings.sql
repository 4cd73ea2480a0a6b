-- What was closed by a source that told nothing else of it then. Its work item and incident are closed by it
-- unless their own picture is later.
create table closing (
    id              text primary key,
    at              timestamptz not null,
    detail          smallint not null,
    version_at      timestamptz not null,
    digest          bigint not null
);
