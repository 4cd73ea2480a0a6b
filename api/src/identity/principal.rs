//! Who asks.

use std::fmt;
use std::hash::{Hash, Hasher};

use serde::Serialize;
use utoipa::ToSchema;

kernel::closed_list! {
    /// How a principal was identified.
    #[derive(ToSchema)]
    pub enum PrincipalKind: "kind of principal" {
        /// A program of the server's own user, over the UNIX socket.
        Local,
        /// A client of a server that asks for no login.
        Anyone,
        /// A person who has logged in.
        User,
        /// A program with an API token.
        Token,
        /// A program or a person with a token that an identity provider has signed.
        Jwt,
    }
}

/// Who asks: a person, a program, or any client of a server that asks for no login.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Principal {
    /// How it was identified.
    pub kind: PrincipalKind,
    /// What it is known by: the id of a user or a token. It never changes.
    pub id: String,
    /// Its name for people.
    pub name: String,
}

impl Principal {
    /// A program of the server's own user.
    #[must_use]
    pub fn local() -> Self {
        Self { kind: PrincipalKind::Local, id: "local".to_owned(), name: "the server's own user".to_owned() }
    }

    /// Any client of a server that asks for no login.
    #[must_use]
    pub fn anyone() -> Self {
        Self { kind: PrincipalKind::Anyone, id: "anyone".to_owned(), name: "anyone".to_owned() }
    }
}

/// By its id, which says all: each request looks its principal up several times.
impl Hash for Principal {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id.hash(state);
    }
}

/// As a text: `user:7Jx…`, `token:9Qp…`, `local`.
impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            PrincipalKind::Local | PrincipalKind::Anyone => f.write_str(self.kind.as_str()),
            kind => write!(f, "{}:{}", kind.as_str(), self.id),
        }
    }
}
