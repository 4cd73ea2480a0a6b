//! What fuzz targets share: the form of an input, mutations that leave JSON JSON, and the promises of normalizers.

mod input;
mod mutations;
mod promises;

pub use input::split;
pub use mutations::mutate;
pub use promises::{normalized, stated};
