//! Positions in columns, in half the bytes.

/// A number for a position. Columns of more than 4 billion entries don't fit into memory.
pub(crate) fn index(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}
