-- Facts about people and ownership: accounts, persons, teams, and services with what belongs to them.

create table account (
    id              text primary key,
    name            text not null,
    email           text,
    bot             boolean not null,
    completeness    smallint not null,
    version_at      timestamptz not null,
    digest          bigint not null
);
create index account_email on account (email) where email is not null;
call mark_chunks_of('account', $$select distinct 'changes', '' from $rows where bot$$);

-- Accounts and addresses of one person, as one origin states them. Persons are joined from all statements.
create table person (
    origin          text not null,
    name            text not null,
    accounts        text[] not null,
    emails          text[] not null,
    -- the accounts belong to this person only, whatever other statements and addresses join
    separate        boolean not null,
    deleted         boolean not null,
    completeness    smallint not null,
    version_at      timestamptz not null,
    digest          bigint not null,
    primary key (origin, name)
);

create table team (
    name            text primary key,
    parent          text,
    members         text[] not null,
    deleted         boolean not null,
    completeness    smallint not null,
    version_at      timestamptz not null,
    digest          bigint not null
);
call mark_chunks_of('team', $$select distinct 'ownership', '' from $rows$$);

create table service (
    name                text primary key,
    repositories        text[] not null,
    -- of several services in one repository: the directories that are its own, and a pattern of its deployments
    paths               text[] not null default '{}',
    deployments         text,
    -- branches whose pipeline runs can be deployments, beside the default branch
    branches            text[] not null default '{}',
    -- patterns of the selectors of its incidents
    incidents           text[] not null default '{}',
    team                text,
    production          text,
    deployments_from    text,
    deleted             boolean not null,
    completeness        smallint not null,
    version_at          timestamptz not null,
    digest              bigint not null
);
create index service_incidents on service (name) where incidents <> '{}' and not deleted;
call mark_chunks_of('service', $$select distinct 'ownership', '' from $rows$$);
