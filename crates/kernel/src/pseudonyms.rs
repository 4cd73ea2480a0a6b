//! Pseudonyms: how the identity of a person whose data was erased or pseudonymized is found again, and replaced, in
//! whatever arrives later, without being kept. Pure.
//!
//! What is kept of an identifier (an account, an address, a name) is its HMAC under a key of the tenant; the pseudonym
//! is the beginning of that. So the same identifier has the same pseudonym in rows, in raw events and in events that are
//! read again, and what was computed by account stays the same. Each account has its own: which of them were one
//! person's does not follow from them.
//!
//! Found are: account ids and addresses, anywhere in a text; `@login`; names of several words, anywhere; names of one
//! word where a field holds nothing else; `login/` at the beginning of a branch; and in payloads logins, in the fields that
//! hold users. Not found are parts of a name, other spellings, and numeric ids.

mod branch;
mod identifiers;
mod known;
mod needles;
mod payload;
mod replace;
mod scan;
#[cfg(test)]
mod tests;
mod tombstone;

pub use identifiers::{Identifier, IdentifierKind, identifiers, names_of};
pub use needles::Needles;
pub use replace::Pseudonyms;
pub use tombstone::{DOMAIN, PseudonymKey, Tombstone, is_pseudonymous};
