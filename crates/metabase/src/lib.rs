//! Metabase as code: the connection to the views of `docs/analytics.md`, their metadata, models, metrics, questions and
//! dashboards, made from the declarations.
//!
//! Promises: what is wanted is made once, in one form, which is applied through Metabase's API and written as files of its
//! serialization; applying it twice writes nothing the second time; nothing that others made is changed or archived; no
//! secret is in an error or a log. What a dashboard shows is declared in `panels`, what a column means in `store`.

mod apply;
mod boards;
mod build;
mod change;
mod client;
mod columns;
mod connection;
mod content;
mod difference;
mod entity_id;
mod error;
mod export;
mod filters;
mod format;
mod key;
mod layout;
mod mbql;
mod models;
mod objects;
mod permissions;
mod reference;
mod run;
mod tables;
mod wanted;

pub use apply::apply;
pub use build::ContentError;
pub use change::{Action, Change};
pub use client::{Client, Credentials};
pub use content::{ColumnMetadata, Content, Object, ViewMetadata};
pub use error::MetabaseError;
pub use key::{Key, Kind};
pub use reference::{Names, Reference, resolved};
pub use wanted::{Connection, Ssl, Wanted};
