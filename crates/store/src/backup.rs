//! What a backup reads out of the database, and how a restore writes it back: whole tables as COPY has them in its binary
//! format, of the schema that all tenants share and of every tenant.
//!
//! Promises: all tables are read at one point in time, in the order of their primary keys, byte by byte; a restore writes
//! into an empty database only, and in one transaction; nothing else writes or changes the schema meanwhile. How backups
//! are kept is left to others.

mod access;
mod erasures;
mod later;
mod locks;
mod rows;
mod shape;
mod source;
mod state;
mod target;
mod versions;
mod writer;

pub use access::{LaterAccess, TakenBack, Tokens};
pub use erasures::LaterTombstones;
pub use later::LaterTable;
pub use locks::{Exclusive, exclusive};
pub use rows::{RowBlock, Rows};
pub use shape::{TableShape, left_out};
pub use source::Source;
pub use state::{last_success, note_begun, note_made};
pub use target::{RestoreError, Target};
pub use versions::{AppliedMigration, SchemaVersion};
pub use writer::TableWriter;
