//! By what a principal is found among the people of a tenant.

/// By what a principal is found among the people of a tenant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PersonLink {
    /// The user, whom an administrator may have linked with a person.
    pub user_id: Option<String>,
    /// The address that an identity provider has verified.
    pub email: Option<String>,
}

impl PersonLink {
    /// Whether there is nothing to find a person by.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.user_id.is_none() && self.email.is_none()
    }
}
