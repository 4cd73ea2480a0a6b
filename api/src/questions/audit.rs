//! What the audit log is asked about.

use async_graphql::InputObject;
use chrono_tz::Tz;
use kernel::strum::VariantArray;
use kernel::{NameError, Tenant};
use serde::Deserialize;
use store::audit::{Action, AuditFilter};
use utoipa::IntoParams;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

use super::Invalid;
use super::span::TimeText;
use super::text::{Parameter, Text, read};

/// An action, as it was given.
pub type AuditActionText = Text<Action>;

/// Which entries of the audit log are listed.
#[derive(Clone, Debug, Default, Deserialize, InputObject, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditQuestion {
    /// Only of this action, such as `export`, `login`, `refused` or `person_viewed`.
    #[param(inline)]
    pub action: Option<AuditActionText>,
    /// Only of the actor with this id.
    pub actor: Option<String>,
    /// Only about this subject.
    pub subject: Option<String>,
    /// Only from this time (RFC 3339), or midnight of this day in `dora.time_zone`, on.
    #[param(inline)]
    pub from: Option<TimeText>,
    /// Only before this time, or midnight of this day.
    #[param(inline)]
    pub to: Option<TimeText>,
}

impl Parameter for Action {
    const NAME: &'static str = "AuditAction";
    const TEXT: &'static str = "What the audit log records, such as `export`.";

    fn read(text: &str) -> Result<Self, String> {
        text.parse().map_err(|error: NameError| format!("one of {}", error.expected))
    }

    fn schema() -> RefOr<Schema> {
        let words = Self::VARIANTS.iter().map(|action| action.as_str());
        RefOr::T(ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).into())
    }
}

impl AuditQuestion {
    /// Returns the filter of the store; days begin in `zone`. What belongs to no tenant is listed with that of the
    /// default tenant.
    pub fn filter(self, tenant: &Tenant, zone: Tz) -> Result<AuditFilter, Invalid> {
        let time = |name, text: Option<&TimeText>| Ok::<_, Invalid>(read(name, text)?.map(|time| time.within(zone)));
        Ok(AuditFilter {
            tenant: Some(tenant.clone()),
            of_no_tenant: *tenant == Tenant::default(),
            actor: self.actor,
            action: read("action", self.action.as_ref())?,
            subject: self.subject,
            from: time("from", self.from.as_ref())?,
            to: time("to", self.to.as_ref())?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_of_the_time_zone() {
        let question = AuditQuestion {
            from: Some(Text::new("2026-02-28")),
            to: Some(Text::new("2026-03-01T12:00:00Z")),
            ..AuditQuestion::default()
        };
        let filter = question.filter(&Tenant::default(), Tz::Europe__Berlin).unwrap();
        assert_eq!(filter.from, "2026-02-27T23:00:00Z".parse().ok());
        assert_eq!(filter.to, "2026-03-01T12:00:00Z".parse().ok());
    }
}
