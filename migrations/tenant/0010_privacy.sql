-- People whose data was erased or pseudonymized: by what they are found again in what arrives later.

-- The key of the HMACs. Without it no pseudonym can be traced to an identifier; with it only by trying identifiers.
create table pseudonym_key (
    one         boolean primary key default true check (one),
    key         bytea not null check (octet_length(key) = 32)
);
-- two random UUIDs have 244 random bits
insert into pseudonym_key (key) values (sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())));

-- For each identifier (an account, an address, a name) its HMAC, and never itself. The pseudonym is the beginning of it.
create table tombstone (
    digest      bytea primary key check (octet_length(digest) = 32),
    kind        text not null check (kind in ('account', 'address', 'name')),
    -- of an account
    host        text,
    -- of a name: how many it has
    words       smallint,
    action      text not null check (action in ('erased', 'pseudonymized')),
    added_at    timestamptz not null default now()
);
