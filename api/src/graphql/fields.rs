//! The edges of the graph: the fields of things that lead to other things. Each is read for all rows of a page at once.

mod changes;
mod code;
mod delivery;
mod incidents;
mod me;
mod organization;
mod planning;
mod runs;
