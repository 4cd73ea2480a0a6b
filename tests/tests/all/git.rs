//! The git connector on repositories that the `git` program made: what it reports must be what `git` says, in
//! one collection or in many.

mod history;
mod hostile;
mod merges;
pub(crate) mod parts;
mod refs;
mod tenants;
