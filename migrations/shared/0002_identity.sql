-- Who may ask `sei`, and what they were granted. Passwords, sessions, tokens and links are kept as hashes only.

create table login_user (
    -- random; it never changes
    id            text primary key,
    -- by which the user logs in with a password
    login_name    text,
    name          text        not null,
    email         text,
    -- argon2id, in the PHC string format
    password_hash text,
    -- those that the identity provider stated at the last login
    groups        text[]      not null default '{}',
    created_at    timestamptz not null default now(),
    disabled_at   timestamptz
);
create unique index login_user_login_name on login_user (lower(login_name));

create table login_session (
    -- SHA-256 of the cookie
    hash         bytea primary key check (octet_length(hash) = 32),
    user_id      text        not null references login_user on delete cascade,
    -- what requests that change something repeat in a header
    csrf         text        not null,
    created_at   timestamptz not null default now(),
    last_seen_at timestamptz not null default now(),
    expires_at   timestamptz not null
);
create index login_session_user on login_session (user_id);
create index login_session_expires_at on login_session (expires_at);

create table api_token (
    id           text primary key,
    name         text        not null,
    -- SHA-256 of the token
    hash         bytea       not null unique check (octet_length(hash) = 32),
    -- whose grants limit it; null if it was made on the machine of the server
    owner_id     text references login_user on delete cascade,
    -- null for all
    tenant       text references tenant on delete cascade,
    role         text        not null,
    -- empty for all
    teams        text[]      not null default '{}',
    created_at   timestamptz not null default now(),
    expires_at   timestamptz,
    revoked_at   timestamptz,
    last_used_at timestamptz
);
create index api_token_owner on api_token (owner_id);

create table access_grant (
    id             text primary key,
    -- who has it: a user, or all in a group of an identity provider
    user_id        text references login_user on delete cascade,
    provider_group text,
    -- null for all
    tenant         text references tenant on delete cascade,
    role           text        not null,
    -- empty for all
    teams          text[]      not null default '{}',
    created_at     timestamptz not null default now(),
    check (num_nonnulls(user_id, provider_group) = 1),
    unique nulls not distinct (user_id, provider_group, tenant, role, teams)
);
create index access_grant_group on access_grant (provider_group);

-- A link that is good for one login: it sets a name and a password.
create table login_link (
    -- SHA-256 of the secret in the link
    hash       bytea primary key check (octet_length(hash) = 32),
    -- whose password it sets; null if it makes an administrator
    user_id    text references login_user on delete cascade,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    used_at    timestamptz
);
