-- Who a user is among the people of the tenant, as administrators state it: the person who has the account. Without an
-- entry it is the person who has the address that the identity provider has verified.

create table login_person (
    -- of `login_user`, which is of all tenants; ids are never given again
    user_id   text primary key,
    account   text        not null,
    stated_at timestamptz not null default now()
);
