//! Data about single persons in rows.

/// A row that may name persons.
pub(crate) trait Personal {
    /// Takes out what names them.
    fn hide_people(&mut self) {}
}
