//! The section `[api.limits]` of the settings.

use runtime::settings::Findings;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much one client may ask. A request costs a unit; a report, a metric or GraphQL that is not in memory one more for
/// each 100 fields and values of series. Above a limit the answer is 429 with `Retry-After`; the headers `RateLimit` and
/// `RateLimit-Policy` of each answer say what is left. Programs of the same user have no limit over `server.socket`, and
/// on loopback no client has one while no login is set up.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RequestLimits {
    /// Units a minute of an address, or of an IPv6 /64.
    pub address_per_minute: u32,
    /// The maximum number of requests of one client that are answered at the same time.
    pub concurrent: usize,
    /// Attempts of an address to log in by a password or a link that may fail in a minute.
    pub logins_per_minute: u32,
    /// Units a minute of a user or an API token.
    pub principal_per_minute: u32,
}

/// The fewest units a minute that can be set: what costs most, 20,000 fields and values of series, takes 201.
pub const LEAST_UNITS: u32 = 201;

impl Default for RequestLimits {
    fn default() -> Self {
        Self { address_per_minute: 3_000, concurrent: 64, logins_per_minute: 10, principal_per_minute: 12_000 }
    }
}

impl RequestLimits {
    /// Reports what is wrong with the section.
    pub fn check(&self, findings: &mut Findings) {
        let units = [
            ("api.limits.address_per_minute", self.address_per_minute),
            ("api.limits.principal_per_minute", self.principal_per_minute),
        ];
        for (key, units) in units.into_iter().filter(|(_, units)| *units < LEAST_UNITS) {
            findings.error(key, units.to_string(), format!("{LEAST_UNITS} or more: what the largest question costs"));
        }
        findings.one_or_more("api.limits.logins_per_minute", self.logins_per_minute as usize);
        findings.one_or_more("api.limits.concurrent", self.concurrent);
    }
}
