//! The options that all connectors have: when they are pulled, and, for those that ask over HTTP, how.

use std::time::Duration;

use serde::Deserialize;

/// What [`pull_options`](crate::pull_options) needs of other crates.
#[doc(hidden)]
pub mod fields {
    pub use chrono::NaiveDate;
    pub use chrono_tz::Tz;
}

/// When a source is pulled. The types of connectors declare the same keys.
#[derive(Clone, Debug, Deserialize)]
pub struct Timing {
    /// A cron expression.
    #[serde(default = "runtime::settings::every_five_minutes")]
    pub schedule: String,
    /// The time zone of the schedule.
    #[serde(default)]
    pub time_zone: chrono_tz::Tz,
    /// The maximum delay after a scheduled time.
    #[serde(default, with = "runtime::duration")]
    pub jitter: Duration,
}

/// Declares the options of a connector that asks over HTTP: its own, and those that all such connectors have. The crate
/// needs `runtime`, `schemars` and `serde`.
#[macro_export]
macro_rules! pull_options {
    (
        $(#[$about:meta])*
        $visibility:vis struct $name:ident {
            $($(#[$meta:meta])* $own_visibility:vis $own:ident: $type:ty,)*
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, Debug, serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
        #[serde(deny_unknown_fields)]
        $visibility struct $name {
            $($(#[$meta])* $own_visibility $own: $type,)*
            /// Further certificate authorities to trust, a file in PEM form.
            #[serde(default)]
            #[schemars(example = &"/etc/ssl/company.pem")]
            ca_file: Option<std::path::PathBuf>,
            /// The maximum delay of a pull after its scheduled time, so that not all begin at once.
            #[serde(default, with = "runtime::duration")]
            #[schemars(with = "runtime::duration::Text", example = &"30s")]
            jitter: std::time::Duration,
            /// The proxy to go through; without it what `HTTPS_PROXY` and `NO_PROXY` name.
            #[serde(default)]
            #[schemars(example = &"http://proxy.example.com:3128")]
            proxy: Option<String>,
            /// When it is pulled: a cron expression (minute, hour, day, month, day of week). With six fields the first is
            /// seconds, with seven the last is the year as well. Days of the week are numbered as in crontab: 0 and 7 are
            /// Sunday.
            #[serde(default = "runtime::settings::every_five_minutes")]
            schedule: String,
            /// The first day, in `dora.time_zone`, that is pulled; everything without it.
            #[serde(default)]
            #[schemars(example = &"2024-01-01")]
            since: Option<$crate::options::fields::NaiveDate>,
            /// The time zone of the schedule, by its IANA name.
            #[serde(default)]
            #[schemars(with = "String", extend("format" = "time-zone"))]
            time_zone: $crate::options::fields::Tz,
        }
    };
}
