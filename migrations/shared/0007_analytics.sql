-- Logins of BI tools: roles of PostgreSQL that read the schemas `analytics` and `analytics_<tenant>` and nothing else.
-- Their views look up here what the role that asks may see. Passwords are in PostgreSQL only.
create table analytics_role (
    -- the role of PostgreSQL
    name        text primary key,
    -- null for all. It refers to no tenant: a grant outlives the reload of a tenant's data
    tenant      text,
    -- empty for all; a team stands for those that are part of it, too
    teams       text[]      not null default '{}',
    -- whether the names of accounts are shown
    people      boolean     not null default false,
    created_at  timestamptz not null default now()
);
