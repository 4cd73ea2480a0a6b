-- When an identity provider last stated the groups of a user, and whether it has verified the address.

alter table login_user
    -- null where nothing states them now: tokens of the user then have nothing by groups
    add column groups_at      timestamptz,
    add column email_verified boolean not null default false;
