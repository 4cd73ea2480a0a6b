//! Where a row stands in a list.

/// Where a row stands in a list: the value that the list is sorted by, and the row's key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Position {
    /// The value, as text: a time in microseconds since 1970.
    pub value: String,
    /// The parts of the key.
    pub key: Vec<String>,
}
