-- Logins by OpenID Connect providers.

-- Who a user is at an identity provider.
create table provider_subject (
    issuer  text not null,
    subject text not null,
    user_id text not null references login_user on delete cascade,
    primary key (issuer, subject)
);
create index provider_subject_user on provider_subject (user_id);

-- The sessions that began with a login there.
create table provider_session (
    session_hash bytea       primary key references login_session on delete cascade,
    -- its name in the settings
    provider     text        not null,
    issuer       text        not null,
    subject      text        not null,
    -- of the session at the provider
    sid          text,
    -- refresh token and ID token, encrypted for the cookie of the session
    tokens       bytea,
    -- when the provider last stated what the user may do, and when it is asked again
    refreshed_at timestamptz not null default now(),
    refresh_at   timestamptz not null
);
create index provider_session_subject on provider_session (issuer, subject);
create index provider_session_sid on provider_session (issuer, sid);

-- Logout tokens that were used; none is accepted twice.
create table provider_logout (
    issuer     text        not null,
    jti        text        not null,
    expires_at timestamptz not null,
    primary key (issuer, jti)
);
create index provider_logout_expires_at on provider_logout (expires_at);
