//! What names in bodies may be, in the `OpenAPI` document.

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::identity::manage::NAME_CHARS;

/// No control characters, and no spaces at the ends.
const NAME: &str = r"^[^\s\u0000-\u001f\u007f-\u009f]([^\u0000-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f])?$";
const TENANT: &str = "^[a-z][a-z0-9_]{0,39}$";

/// A name of a user, a group, a team or a token.
pub enum Name {}

/// A name of a tenant.
pub enum TenantName {}

impl PartialSchema for Name {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some(NAME)).max_length(Some(NAME_CHARS));
        RefOr::T(text.description(Some("A text without spaces at its ends.")).into())
    }
}

impl ToSchema for Name {}

impl PartialSchema for TenantName {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some(TENANT));
        RefOr::T(text.description(Some("A lower-case letter, then letters, digits or `_`: 40 at most.")).into())
    }
}

impl ToSchema for TenantName {}
