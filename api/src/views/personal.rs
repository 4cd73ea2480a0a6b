//! Data about single persons in rows.

/// A row that may name accounts of persons.
pub(crate) trait Personal {
    /// Takes out the accounts that may not be named.
    fn hide_people(&mut self, _may_name: &dyn Fn(&str) -> bool) {}
}

/// Takes out an account that may not be named.
pub(super) fn hide(account: &mut Option<String>, may_name: &dyn Fn(&str) -> bool) {
    if account.as_deref().is_some_and(|account| !may_name(account)) {
        *account = None;
    }
}
