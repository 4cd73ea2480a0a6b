-- Facts about code: repositories, commits, changes (pull and merge requests) and their reviews.

create table repository (
    id                  text primary key,
    name                text not null,
    url                 text,
    default_branch      text,
    -- the commit that the default branch points to
    default_branch_tip  bytea,
    -- its history is not complete
    partial             boolean not null,
    completeness        smallint not null,
    version_at          timestamptz not null,
    digest              bigint not null
);
-- who owns what follows from which repositories there are, and from nothing else of them
call mark_chunks_of('repository', $$select 'runs', id, '' from $rows union all select 'named', '', id from $rows$$);

-- The name of each id of a repository, as it was reported under that id. A repository that moved has the name and the
-- address of its current id, whatever is reported under an old one, in any order.
create table repository_name (
    id              text primary key,
    name            text not null,
    url             text,
    completeness    smallint not null,
    version_at      timestamptz not null,
    digest          bigint not null
);

-- Repositories, and owners and groups of repositories, that have another id now. Facts that name the old id are stored
-- under the new one.
create table moved (
    id              text primary key,
    new_id          text not null,
    completeness    smallint not null,
    version_at      timestamptz not null,
    digest          bigint not null
);
create index moved_new_id on moved (new_id);

create table commit (
    repository              text not null,
    sha                     bytea not null,
    -- null where the source does not report them
    parents                 bytea[],
    author                  text,
    -- other authors, by its trailers
    co_authors              text[] not null default '{}',
    authored_at             timestamptz not null,
    committed_at            timestamptz not null,
    subject                 text not null,
    -- the branch that it was pushed to
    branch                  text,
    reverts                 bytea[] not null,
    cherry_picked_from      bytea,
    additions               bigint,
    deletions               bigint,
    changed_files           bigint,
    -- those that it changes files in; null where they were not read
    directories             text[],
    -- there were too many to list: some of them stand for those below them
    directories_truncated   boolean not null default false,
    -- no branch and no tag reaches it any more
    deleted                 boolean not null default false,
    completeness            smallint not null,
    version_at              timestamptz not null,
    digest                  bigint not null,
    primary key (repository, sha)
);
create index commit_deleted on commit (repository, sha) where deleted;
call mark_chunks_of('commit', $$select distinct 'changes', repository from $rows$$);

create table change (
    id              text primary key,
    repository      text not null,
    number          bigint,
    title           text not null,
    url             text,
    state           text not null check (state in ('open', 'merged', 'abandoned')),
    author          text,
    source_branch   text,
    target_branch   text,
    head_sha        bytea,
    merge_sha       bytea,
    commits         bytea[] not null,
    opened_at       timestamptz,
    -- when it was marked ready for review
    ready_at        timestamptz,
    merged_at       timestamptz,
    closed_at       timestamptz,
    additions       bigint,
    deletions       bigint,
    labels          text[] not null,
    reverts         text,
    deleted         boolean not null,
    completeness    smallint not null,
    version_at      timestamptz not null,
    digest          bigint not null
);
create index change_repository on change (repository, merged_at);
call mark_chunks_of('change', $$select 'changes', repository, id from $rows$$);

create table review (
    id              text primary key,
    change          text not null,
    reviewer        text,
    state           text not null check (state in ('approved', 'changes_requested', 'commented', 'dismissed')),
    submitted_at    timestamptz not null,
    completeness    smallint not null,
    version_at      timestamptz not null,
    digest          bigint not null
);
create index review_change on review (change, submitted_at);
-- of one whose change is not known, only metrics of the user's own read anything
call mark_chunks_of('review',
                    $$select distinct case when c.id is null then 'facts' else 'changes' end, coalesce(c.repository, ''),
                             coalesce(c.id, '')
                      from $rows r left join change c on c.id = r.change$$);
