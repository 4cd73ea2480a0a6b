-- Boards: dashboards that people put together of tiles. A tile is a question about metrics and how its answer is shown.
-- Names and ids are compared byte by byte, so that pages are the same under every locale.
create table board (
    id          text collate "C" primary key,
    -- who has it: a principal, a team, or everyone who reads the tenant
    owner_kind  text not null check (owner_kind in ('person', 'team', 'everyone')),
    -- the principal or the team; empty of everyone
    owner       text not null,
    title       text collate "C" not null,
    description text not null,
    tiles       jsonb not null,
    -- 1 when it is made, and one more with each change
    version     bigint not null,
    created_at  timestamptz not null default now(),
    changed_at  timestamptz not null default now(),
    check ((owner_kind = 'everyone') = (owner = ''))
);
create index board_by_title on board (title, id);
create index board_by_owner on board (owner_kind, owner);
