//! The all-in-one program `sei`: every role in one process, and the command line.
//!
//! It holds no logic of the pipeline: it opens the database and the log, calls the crates whose work a
//! command is, and prints what they say. Results go to standard output, everything else to standard error.

mod actor;
mod backups;
pub mod cli;
mod commands;
mod declare;
pub mod demo;
mod directory;
mod exported;
mod machine;
mod output;
mod progress;
mod report;
mod room;
pub mod settings;
mod settle;
pub mod sources;
