//! Problems of who asks: not known, not permitted, not logged in.

use axum::http::StatusCode;
use kernel::Right;
use runtime::telemetry::Occasionally;

use super::Problem;
use crate::identity::Identity;
use crate::identity::oidc::ProviderError;

static PROVIDER: Occasionally = Occasionally::new();

impl Problem {
    /// It is not known who asks.
    #[must_use]
    pub fn unauthenticated() -> Self {
        let detail = "Log in at /login, or send an API token: `Authorization: Bearer sei_…`.";
        Self::new("urn:sei:problem:unauthenticated", StatusCode::UNAUTHORIZED, "It is not known who asks", detail)
    }

    /// An API token identifies no one. Whether it was one, or could be one, is not stated.
    #[must_use]
    pub(crate) fn unknown_token() -> Self {
        let detail =
            "This API token is not known: it is mistyped, has expired or was revoked. `sei token create` makes one.";
        Self { detail: detail.to_owned(), ..Self::unauthenticated() }
    }

    /// There are more WebSockets than there may be whose clients are not identified.
    #[must_use]
    pub fn too_many_unknown(of_address: usize) -> Self {
        let detail = format!(
            "There are as many WebSockets as there may be whose clients are not identified ({of_address} of an \
             address). Send `connection_init`, or try again in a moment."
        );
        Self::new("urn:sei:problem:busy", StatusCode::SERVICE_UNAVAILABLE, "Busy", detail)
    }

    /// A browser sends a request that may be made by a page of another site.
    #[must_use]
    pub fn csrf() -> Self {
        let detail = "A request that changes something in a session has the header `sei-csrf`, as /api/v1/me states it, \
                      and the `Origin` of this server.";
        Self::new("urn:sei:problem:forbidden", StatusCode::FORBIDDEN, "Not from a page of this server", detail)
    }

    /// Who asks manages nothing, since no login is asked for here.
    #[must_use]
    pub fn no_login() -> Self {
        let detail = "This server asks for no login, so no client manages it over the network: use the command line on its \
                      machine or its UNIX socket, or set `login.enabled = true`.";
        Self::new("urn:sei:problem:forbidden", StatusCode::FORBIDDEN, "A permission is missing", detail)
    }

    /// Who asks manages not what it asks about: a tenant, or what is of all of them.
    #[must_use]
    pub fn not_an_administrator(is_of_tenant: bool) -> Self {
        let of = if is_of_tenant { "in that tenant or in all of them" } else { "in all tenants" };
        let detail = format!("This takes the role `admin`, {of}, and for all teams: ask an administrator.");
        Self::new("urn:sei:problem:forbidden", StatusCode::FORBIDDEN, "A permission is missing", detail)
    }

    /// Who asks has the role for a right that is about all teams, and is limited to some.
    #[must_use]
    pub fn limited_to_teams(right: Right) -> Self {
        let detail = format!(
            "The right `{}` is about all teams, and what is granted to you is limited to some: ask an administrator for a \
             grant without teams.",
            right.as_str()
        );
        Self::new("urn:sei:problem:forbidden", StatusCode::FORBIDDEN, "A permission is missing", detail)
    }

    /// Who asks has no session.
    #[must_use]
    pub fn no_session() -> Self {
        let detail = "This ends a session, and you have none: an API token is revoked by DELETE /api/v1/tokens/{id}.";
        Self::new("urn:sei:problem:forbidden", StatusCode::FORBIDDEN, "There is no session", detail)
    }

    /// Tokens are of users.
    #[must_use]
    pub fn only_users() -> Self {
        let detail = "A token can't make tokens: log in, or use `sei token create` on the server's machine.";
        Self::new("urn:sei:problem:forbidden", StatusCode::FORBIDDEN, "A permission is missing", detail)
    }

    /// A name and a password that do not go together.
    #[must_use]
    pub fn wrong_login() -> Self {
        let detail = "The name or the password is wrong, or the user may not log in.";
        Self::new("urn:sei:problem:unauthenticated", StatusCode::UNAUTHORIZED, "Not logged in", detail)
    }

    /// Too many logins have failed.
    #[must_use]
    pub fn too_many_logins(wait: std::time::Duration) -> Self {
        let minutes = wait.as_secs().div_ceil(60);
        let detail =
            format!("Too many logins have failed, of this name or from this address. Try again in {minutes} min.");
        Self::new("urn:sei:problem:too-many-logins", StatusCode::TOO_MANY_REQUESTS, "Too many failed logins", detail)
    }

    /// A link is not good any more.
    #[must_use]
    pub fn used_link() -> Self {
        let detail = "The link was used, has expired, or never was one: ask for another (`sei admin link`).";
        Self::new("urn:sei:problem:not-found", StatusCode::NOT_FOUND, "The link is good no more", detail)
    }

    /// A login at an identity provider came to nothing.
    #[must_use]
    pub(crate) fn login(status: StatusCode, detail: impl Into<String>) -> Self {
        Self::new("urn:sei:problem:login-failed", status, "The login came to nothing", detail)
    }

    /// The same for the reason that the login itself has.
    #[must_use]
    pub(crate) fn provider(error: &ProviderError) -> Self {
        let status = match error {
            ProviderError::Unavailable { .. } | ProviderError::NoRandomness => StatusCode::SERVICE_UNAVAILABLE,
            ProviderError::Unknown(_) => StatusCode::NOT_FOUND,
            _ => StatusCode::BAD_REQUEST,
        };
        if let Some(more) = PROVIDER.pass() {
            let error = error as &dyn std::error::Error;
            tracing::warn!(error, not_logged = more, "a login at an identity provider came to nothing");
        }
        Self::login(status, error.in_words())
    }

    /// A token that an identity provider may have signed identifies no one.
    #[must_use]
    pub(crate) fn token(error: &ProviderError) -> Self {
        match error {
            ProviderError::Unavailable { .. } => Self::provider(error),
            _ => Self { detail: error.in_words(), ..Self::unauthenticated() },
        }
    }

    /// Nothing is granted to who asks.
    #[must_use]
    pub fn no_grant(identity: &Identity) -> Self {
        if identity.has_stale_groups {
            return Self::stale_groups();
        }
        let detail = "Nothing is granted to you yet: ask an administrator for a role.";
        Self::new("urn:sei:problem:forbidden", StatusCode::FORBIDDEN, "A permission is missing", detail)
    }

    /// A token that only reads is to change something.
    #[must_use]
    pub fn only_reads() -> Self {
        let detail = "This token only reads (scope `read`): another one, with the scope `write`, changes what its role may \
                      change.";
        Self::new("urn:sei:problem:forbidden", StatusCode::FORBIDDEN, "A permission is missing", detail)
    }

    /// A token lacks what is granted to groups of its owner.
    #[must_use]
    pub fn stale_groups() -> Self {
        let detail = "The identity provider stated the groups of this token's owner too long ago (login.groups_max_age), so \
                      the token has nothing by them: its owner logs in again, and it has.";
        Self::new("urn:sei:problem:forbidden", StatusCode::FORBIDDEN, "A permission is missing", detail)
    }

    /// Persons are shown to themselves only, and who asks is linked with none.
    #[must_use]
    pub fn no_person() -> Self {
        let detail = "Here persons are shown to themselves only (`dora.people`), and you are linked with none: no single person \
                      has the address that your identity provider has verified. An administrator links you: \
                      `sei user link`.";
        Self::new("urn:sei:problem:forbidden", StatusCode::FORBIDDEN, "You are linked with no person", detail)
    }

    /// The settings show another person to who asks not.
    #[must_use]
    pub fn other_person() -> Self {
        let detail = "It is about one person, whom `dora.people` does not show to you.";
        Self::new("urn:sei:problem:forbidden", StatusCode::FORBIDDEN, "This person is not shown here", detail)
    }

    /// Who asks does not manage tenants.
    #[must_use]
    pub fn no_tenants() -> Self {
        let detail = "Tenants are created and dropped by who has the role `admin` for all of them; ask such an \
                      administrator, or use `sei tenant` on the server's machine.";
        Self::new("urn:sei:problem:forbidden", StatusCode::FORBIDDEN, "A permission is missing", detail)
    }
}
