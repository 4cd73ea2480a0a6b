//! Who may ask, and what they were granted: users, sessions, API tokens, grants and links that log in once. They are of all
//! tenants. Secrets come here as hashes.

mod column;
pub mod ended;
pub mod grants;
pub mod links;
pub mod providers;
pub mod sessions;
pub mod tokens;
pub mod users;
pub(crate) mod with_tenant;

pub use column::SecretHash;
