//! `sei up`: one command, from a repository to its metrics, and everything that can be in its way.

mod ends;
mod json;
pub(crate) mod parts;
mod running;
mod signals;
mod start;
