//! The all-in-one program `sei`: every role in one process, and the command line.

pub mod demo;
