//! What the audit log is asked about.

use chrono_tz::Tz;
use kernel::Tenant;
use serde::Deserialize;
use store::audit::{Action, AuditFilter};
use utoipa::IntoParams;

use super::Invalid;
use super::span::TimeText;
use super::text::read;

/// Which entries of the audit log are listed.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditQuestion {
    /// Only of this action, such as `export`, `login`, `refused` or `person_viewed`.
    pub action: Option<String>,
    /// Only of the actor with this id.
    pub actor: Option<String>,
    /// Only about this subject.
    pub subject: Option<String>,
    /// Only from this time (RFC 3339), or midnight of this day (UTC), on.
    #[param(inline)]
    pub from: Option<TimeText>,
    /// Only before this time, or midnight of this day.
    #[param(inline)]
    pub to: Option<TimeText>,
}

impl AuditQuestion {
    /// Returns the filter of the store. What belongs to no tenant is listed with that of the default tenant.
    pub fn filter(self, tenant: &Tenant) -> Result<AuditFilter, Invalid> {
        let action = self.action.map(|action| {
            action
                .parse::<Action>()
                .map_err(|error| Invalid::value("action", &action, format!("one of {}", error.expected)))
        });
        let time = |name, text: Option<&TimeText>| Ok::<_, Invalid>(read(name, text)?.map(|time| time.within(Tz::UTC)));
        Ok(AuditFilter {
            tenant: Some(tenant.clone()),
            of_no_tenant: *tenant == Tenant::default(),
            actor: self.actor,
            action: action.transpose()?,
            subject: self.subject,
            from: time("from", self.from.as_ref())?,
            to: time("to", self.to.as_ref())?,
        })
    }
}
