-- The audit log: who did what, append-only. Each entry holds the hash of the one before it, so that an entry that was
-- changed, added or taken out later is found (`sei audit verify`). Hashes are computed in `crates/store/src/audit.rs`.

create table audit (
    -- without gaps, in the order of commits
    id          bigint primary key,
    at          timestamptz not null,
    -- null for what belongs to no tenant: logins, settings
    tenant      text,
    actor_kind  text not null,
    actor_id    text not null,
    actor_name  text,
    action      text not null,
    subject     text not null,
    detail      jsonb not null,
    -- the address of the client
    address     text,
    previous    bytea not null check (octet_length(previous) = 32),
    hash        bytea not null check (octet_length(hash) = 32)
);
create index audit_at on audit (at);
create index audit_actor_id on audit (actor_id, id);
create index audit_action on audit (action, id);

-- The ends of the chain. Its row is locked from when an entry is added until that commits: ids follow commit order.
create table audit_head (
    one         boolean primary key default true check (one),
    -- the oldest entry that retention kept, and the hash of the one before it
    first       bigint not null,
    before      bytea not null,
    -- the id of the next entry, and hash and time of the last one
    next        bigint not null,
    hash        bytea not null,
    at          timestamptz not null
);
insert into audit_head (first, before, next, hash, at)
values (1, decode(repeat('00', 32), 'hex'), 1, decode(repeat('00', 32), 'hex'), 'epoch');

-- Refuses every change of an entry, except the deletion of those that retention has let go: it moves `first`, and adds
-- an entry with the hash of the last one that it deletes.
create function refuse_audit_change() returns trigger language plpgsql set search_path from current as $$
begin
    if tg_op = 'DELETE' then
        if old.id < (select first from audit_head) then
            return old;
        end if;
    end if;
    raise exception 'the audit log is append-only: % is refused', lower(tg_op) using errcode = 'insufficient_privilege';
end
$$;
create trigger audit_append_only before update or delete on audit
    for each row execute function refuse_audit_change();
create trigger audit_not_truncated before truncate on audit
    for each statement execute function refuse_audit_change();
